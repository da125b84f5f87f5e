import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FrameSource, RuntimeStatus } from '@takt/contracts';

import { TaktError, silentLogger } from '@takt/kernel';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openCamera } from '../src/camera/camera.js';
import type { CameraFrame } from '../src/camera/camera.js';
import { LineSource } from '../src/camera/line-source.js';
import type { SourceReads } from '../src/camera/source-reads.js';

type Frame = Pick<CameraFrame, 'name' | 'bytes'>;

let root: string;
let source: LineSource;
let said: string[];
let exhausted: number;
/** What a frame does when it is shown. Default: nothing. */
let take: (frame: Frame) => void;
/** Bytes of images that are kept. */
let memory: number;
/** Paths whose reads never end. */
let hanging: Set<string>;

const folder = (name = 'frames'): FrameSource => ({ kind: 'image-directory', path: join(root, name), fps: 200 });
const image = (name: string): string => join(root, 'frames', name);

/** Reads of the listed paths never end and are past their deadline at once; all others are real. */
const withHanging = (reads: SourceReads): Pick<SourceReads, 'of'> => ({
  of: (key) => ({
    run: (path, read) => {
      if (!hanging.has(path)) return reads.of(key).run(path, read);
      const reading = reads.of(key).run(path, () => new Promise<never>(() => undefined));
      reads.abandon();
      return reading;
    },
  }),
});

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'takt-line-source-'));
  await mkdir(join(root, 'frames'));
  said = [];
  exhausted = 0;
  take = () => undefined;
  hanging = new Set();
  memory = 1000;
  source = new LineSource({
    open: (frames, clock, reads) => openCamera(frames, clock, withHanging(reads as SourceReads), memory),
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    logger: { ...silentLogger, warn: (message) => said.push(message), error: (message) => said.push(message) },
    deadlineMs: 600_000,
    readAgainMs: 20,
    show: (frame) => {
      take(frame);
    },
    onExhausted: () => (exhausted += 1),
  });
});

afterEach(async () => {
  source.stop();
  await rm(root, { recursive: true, force: true });
});

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await sleep(5);
};
const isFine = (): boolean => {
  const { error, firstUnreadable } = source.status();
  return error === null && firstUnreadable === null;
};
/** Shows frames as a line does, with an engine that decodes what begins with "ok". */
const serve = async (frame: Frame): Promise<void> => {
  const bytes = await frame.bytes().catch((thrown: unknown) => thrown as TaktError);
  if (!(bytes instanceof Uint8Array)) source.unreadable(frame.name, bytes, 'read');
  else if (new TextDecoder().decode(bytes.subarray(0, 2)) === 'ok') source.decoded(frame.name);
  else source.unreadable(frame.name, new TaktError({ code: 'ImageUnreadable', message: 'no picture', action: 'replace it' }), 'decode');
};

it('is readable again once the images that could not be read were replaced, and shows them', async () => {
  await writeFile(image('a.jpg'), 'ok');
  await symlink('nowhere', image('b.jpg'));
  await symlink('c.jpg', image('c.jpg'));
  const shown = new Set<string>();
  take = ({ name }) => shown.add(name);
  source.begin(folder());
  await source.opening;
  expect(source.status()).toMatchObject({ error: null, unreadable: 2, firstUnreadable: { element: image('b.jpg') } });
  await writeFile(join(root, 'frames', 'nowhere'), 'ok');
  await rm(image('c.jpg'));
  await until(isFine);
  await until(() => shown.size === 2);
  expect([...shown]).toEqual([image('a.jpg'), image('b.jpg')]);
  expect(said).toEqual(['image cannot be read', 'image cannot be read']);
});

it('reads an image that was half written again, although it is in memory', async () => {
  await writeFile(image('a.jpg'), 'ok');
  await writeFile(image('b.jpg'), 'o');
  take = (frame) => void serve(frame);
  source.begin(folder());
  await until(() => source.status().firstUnreadable?.element === image('b.jpg'));
  await sleep(100);
  expect(source.status().unreadable).toBe(1);
  await writeFile(image('b.jpg'), 'ok');
  await until(isFine);
  expect(said).toEqual(['image cannot be read']);
});

it('lists the folder again when none of its images is left', async () => {
  await writeFile(image('a.jpg'), 'o');
  take = (frame) => void serve(frame);
  source.begin(folder());
  await until(() => source.status().unreadable === 1);
  await rm(image('a.jpg'));
  await until(() => source.status().error?.code === 'ImageFolderEmpty');
  await writeFile(image('other.jpg'), 'ok');
  await until(isFine);
});

it('keeps a fault of reads that hang while images in memory are shown, and reads no more of them', async () => {
  // The first one fits into memory, the others are read when they are shown.
  memory = 2;
  for (const name of ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg']) await writeFile(image(name), 'ok');
  const faults: (string | undefined)[] = [];
  let serving = Promise.resolve();
  let served = 0;
  take = (frame) => {
    if (served >= 24) return;
    served += 1;
    serving = serving.then(async () => {
      await serve(frame);
      faults.push(source.status().error?.code);
    });
  };
  source.begin(folder());
  await source.opening;
  for (const name of ['b.jpg', 'c.jpg', 'd.jpg']) hanging.add(image(name));
  await until(() => served === 24);
  await serving;
  const changes = faults.filter((fault, index) => index > 0 && fault !== faults[index - 1]);
  expect(changes).toEqual(['SourceNotAnswering']);
  expect(said).toEqual(['image cannot be read']);
  expect(source.hangingReads).toBe(2);
});

it('takes another source although two reads of the previous one never end, and asks for a new process when a third one hangs', async () => {
  await writeFile(image('a.jpg'), 'ok');
  for (const name of ['healthy', 'dead']) await mkdir(join(root, name));
  await writeFile(join(root, 'healthy', 'a.jpg'), 'ok');
  hanging.add(image('a.jpg')).add(join(root, 'dead'));
  source.begin(folder());
  await source.opening;
  for (const again of [1, 2]) await expect(source.open(folder()), String(again)).rejects.toMatchObject({ code: 'SourceNotAnswering' });
  expect(source.hangingReads).toBe(2);
  source.assign(folder('healthy'), await source.open(folder('healthy')));
  expect(source.status()).toEqual({ error: null, unreadable: 0, firstUnreadable: null } satisfies RuntimeStatus['source']);
  for (const again of [1, 2])
    await expect(source.open(folder('dead')), String(again)).rejects.toMatchObject({ code: 'SourceNotAnswering' });
  expect(exhausted).toBe(0);
  await expect(source.open(folder('healthy'))).rejects.toMatchObject({ code: 'SourceReadsExhausted' });
  expect(exhausted).toBe(1);
});

it('names a source that could not be opened until the one it has is assigned again', async () => {
  await writeFile(image('a.jpg'), 'ok');
  source.begin(folder());
  await source.opening;
  await expect(source.open(folder('missing'))).rejects.toMatchObject({ code: 'ImageFolderUnreadable' });
  expect(source.status().error).toMatchObject({ code: 'ImageFolderUnreadable' });
  expect(source.isOpen(folder())).toBe(true);
  source.assign(folder(), undefined);
  expect(isFine()).toBe(true);
});

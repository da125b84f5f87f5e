import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { lineAssignmentSchema } from '@takt/contracts';
import type { LineAssignment } from '@takt/contracts';
import { createDurableFs } from '@takt/durable-fs';
import { listImages } from '@takt/image-io';
import { silentLogger } from '@takt/kernel';
import type { Logger } from '@takt/kernel';
import { sampleFramesPath } from '@takt/sample-model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCamera } from '../src/camera/camera.js';
import { createFrameCache } from '../src/camera/frame-cache.js';
import { SourceReads } from '../src/camera/source-reads.js';
import { linePaths } from '../src/line-paths.js';
import { startRuntime } from '../src/runtime.js';
import type { Runtime, RuntimeOptions } from '../src/runtime.js';
import { LineUnderTest, callSocket } from './line-under-test.js';
import type { Reply } from './line-under-test.js';

const SLUG = 'line-1';
const assignment = (path: string): LineAssignment =>
  lineAssignmentSchema.parse({
    slotId: randomUUID(),
    line: { lineId: randomUUID(), slug: SLUG, name: 'Line 1', requiredFps: 1, source: { kind: 'image-directory', path, fps: 20 } },
  });

let dataDir: string;
let runtime: Runtime | undefined;
let line: LineUnderTest | undefined;
let said: string[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'takt-camera-'));
  said = [];
});

afterEach(async () => {
  await runtime?.stop();
  await line?.remove();
  await rm(dataDir, { recursive: true, force: true });
});

const options = (logger: Logger): RuntimeOptions => ({
  dataDir,
  slug: SLUG,
  hostScript: 'none',
  frameDeadlineMs: 1000,
  loadTimeoutMs: 1000,
  endTimeoutMs: 1000,
  resultFileBytes: 1_000_000,
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  logger,
  fs: createDurableFs(),
});

it('does not try to open the camera of a line again that was replaced while it was opened', async () => {
  const frames = join(dataDir, 'frames');
  await cp(sampleFramesPath(), frames, { recursive: true });
  const paths = linePaths(dataDir, SLUG);
  await mkdir(paths.folder, { recursive: true });
  await writeFile(paths.line, JSON.stringify(assignment(join(dataDir, 'slow'))));
  let fail: (error: Error) => void = () => undefined;
  const slow = new Promise<never>((_, reject) => (fail = reject));

  const logger: Logger = { ...silentLogger, info: (message) => said.push(message), error: (message) => said.push(message) };
  runtime = await startRuntime({
    ...options(logger),
    openCamera: (source, ...rest) => (source.path === frames ? openCamera(source, ...rest) : slow),
  });
  expect((await callSocket(paths.socket, 'PUT', '/v1/line', assignment(frames))).status).toBe(200);
  fail(new Error('gone'));

  const words = 'camera';
  while (!said.some((message) => message.includes(words))) await sleep(10);
  expect(said.filter((message) => message.includes(words))).toEqual(['camera of a replaced line not opened']);
});

it('asks for a new process when reads of other sources that never end leave no thread for the one that is assigned', async () => {
  const frames = join(dataDir, 'frames');
  await cp(sampleFramesPath(), frames, { recursive: true });
  const paths = linePaths(dataDir, SLUG);
  let stuck = 0;
  runtime = await startRuntime({
    ...options(silentLogger),
    onStuck: () => (stuck += 1),
    openCamera: (source, clock, reads) => {
      if (source.path === frames) return openCamera(source, clock, reads);
      const opening = reads.of(source.path ?? '').run('', () => new Promise<never>(() => undefined));
      (reads as SourceReads).abandon();
      return opening;
    },
  });
  const assign = (path: string): Promise<Reply> => callSocket(paths.socket, 'PUT', '/v1/line', assignment(path));
  for (const path of ['/dead', '/dead', '/dead/too']) expect((await assign(path)).body).toMatchObject({ code: 'SourceNotAnswering' });
  expect(stuck).toBe(0);
  expect((await assign(frames)).body).toMatchObject({ code: 'SourceReadsExhausted', retryable: true });
  expect(stuck).toBe(1);
});

describe('a folder of frames', () => {
  const reads = new SourceReads(60_000).of('frames');
  const limits = { maxBytes: 10, isLate: () => false };
  let folder: string;
  beforeEach(async () => {
    folder = join(dataDir, 'frames');
    await mkdir(folder);
    execFileSync('mkfifo', [join(folder, 'b.jpg')]);
    await symlink('/dev/zero', join(folder, 'c.jpg'));
    await symlink('d.jpg', join(folder, 'd.jpg'));
    await writeFile(join(folder, 'e.jpg'), '');
    await truncate(join(folder, 'e.jpg'), 2 ** 40);
    await mkdir(join(folder, 'f.jpg'));
  });

  it('is shown without what is no image file, each of which is named', async () => {
    for (const name of ['a.jpg', 'g.jpg', 'h.jpg']) await writeFile(join(folder, name), `${name}!`);
    const cache = await createFrameCache(await listImages(folder), limits, reads);
    expect(cache.files).toEqual(['a.jpg', 'g.jpg', 'h.jpg'].map((name) => join(folder, name)));
    expect(cache.skipped.map(({ file, error }) => [file, error.code])).toEqual(
      ['b.jpg', 'c.jpg', 'd.jpg', 'e.jpg'].map((name) => [join(folder, name), 'ImageUnreadable']),
    );
    // What is not kept in memory may vanish before it is shown.
    await rm(join(folder, 'g.jpg'));
    expect(new TextDecoder().decode(cache.kept(join(folder, 'a.jpg')))).toBe('a.jpg!');
    expect(cache.kept(join(folder, 'g.jpg'))).toBeUndefined();
    await expect(cache.read(join(folder, 'g.jpg'))).rejects.toMatchObject({ code: 'ImageUnreadable', element: join(folder, 'g.jpg') });
  });

  it('is no source when none of its images can be read', async () => {
    await expect(createFrameCache(await listImages(folder), limits, reads)).rejects.toMatchObject({
      code: 'SourceUnreadable',
      element: join(folder, 'b.jpg'),
      message: expect.stringContaining('none of its 4 images can be read') as string,
    });
  });

  it('is not answering when a read of it does not end, and reading ahead stops in time', async () => {
    await writeFile(join(folder, 'a.jpg'), 'a');
    const late = await createFrameCache([join(folder, 'a.jpg'), join(folder, 'b.jpg')], { maxBytes: 10, isLate: () => true }, reads);
    expect(late.files).toHaveLength(2);
    expect(late.skipped).toEqual([]);
    const hanging = new SourceReads(60_000);
    const opening = createFrameCache([join(folder, 'a.jpg')], limits, hanging.of('frames'));
    hanging.abandon();
    await expect(opening).rejects.toMatchObject({ code: 'SourceNotAnswering' });
  });
});

/** Loaded into a runtime: the first look at an image called "hangs" holds a thread for files that no signal frees. */
const hangingReads = (fifo: string, begun: string): string => `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const { stat, readFile } = fs.promises;
  fs.promises.stat = (path, ...rest) => {
    if (!String(path).endsWith('hangs.jpg')) return stat(path, ...rest);
    const reading = readFile(${JSON.stringify(fifo)});
    fs.writeFileSync(${JSON.stringify(begun)}, '');
    return reading;
  };
  syncBuiltinESMExports();
`;

it('ends a runtime on SIGTERM although a read of its source never ends', async () => {
  line = await LineUnderTest.create();
  const { dataDir: data, folder } = line;
  const at = (name: string): string => join(data, name);
  execFileSync('mkfifo', [at('fifo')]);
  await cp(sampleFramesPath(), at('frames'), { recursive: true });
  await writeFile(at('frames/hangs.jpg'), 'never read');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'line.json'), JSON.stringify(assignment(at('frames'))));
  const preload = `data:text/javascript,${encodeURIComponent(hangingReads(at('fifo'), at('begun')))}`;
  await line.start({ nodeArgs: ['--import', preload] });
  await line.until('the read has begun', () => Promise.resolve(existsSync(at('begun'))));
  expect(await line.end('SIGTERM')).toBe('SIGKILL');
  // Its end was as clean as any other: the socket is gone.
  expect(existsSync(join(folder, 'control.sock'))).toBe(false);
  await rm(at('frames/hangs.jpg'));
  await line.start();
  await line.until('the source is open', async () => ((await line?.status())?.metrics.framesTaken ?? 0) > 0);
  expect(await line.end('SIGTERM')).toBe(0);
  await line.remove();
  expect(existsSync(dirname(data))).toBe(false);
});

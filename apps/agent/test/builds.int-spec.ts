import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createDurableFs } from '@takt/durable-fs';
import { silentLogger } from '@takt/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataFolder } from '../src/data-folder.js';
import type { DataFolder } from '../src/data-folder.js';
import { StateFiles } from '../src/state/state-files.js';
import { JobsOnDisk } from '../src/work/jobs-on-disk.js';

const KEY = 'b'.repeat(64);
const fs = createDurableFs();
let folder: DataFolder;
let files: StateFiles;
let jobs: JobsOnDisk;
let artifact: string;
beforeEach(async () => {
  folder = dataFolder(await mkdtemp(join(tmpdir(), 'takt-builds-')));
  files = new StateFiles({ fs, folder, clock: { now: () => 0, monotonic: () => 0 }, logger: silentLogger });
  jobs = new JobsOnDisk(files, folder);
  artifact = join(jobs.buildFolder(KEY), 'engine.onnx');
});
afterEach(async () => {
  await rm(folder.root, { recursive: true, force: true });
});

const CONTENT = randomBytes(1000);

/** What the worker leaves of a finished build. */
async function build(): Promise<void> {
  const digest = `sha256:${createHash('sha256').update(CONTENT).digest('hex')}`;
  const engine = { engine: 'onnxruntime', precision: 'fp32', recipe: 'fp32', threads: { intraOp: 1, spin: false }, artifact: digest };
  const accuracy = { map50: 0.9, map50_95: 0.6, images: 1 };
  const speed = { p50Ms: 1, p95Ms: 1, p99Ms: 1, capacityFps: 1000, inferenceMs: 1, frames: 20 };
  const candidate = { ...engine, artifactBytes: 1000, speed, accuracy, dropPoints: 0, verdict: 'chosen', reason: 'the only one' };
  const plan = { ...engine, engineVersion: '1', fingerprint: 'fp1' };
  const record = {
    kind: 'build',
    plan,
    artifactPath: artifact,
    candidates: [candidate],
    fp32: accuracy,
    reason: 'the only one',
    seconds: 1,
  };
  await jobs.prepareBuild(KEY);
  await fs.write(artifact, CONTENT);
  await fs.write(join(jobs.buildFolder(KEY), 'build.json'), JSON.stringify(record));
}

const flipBit = async (): Promise<void> => {
  const flipped = Buffer.from(CONTENT);
  flipped[500] = (flipped[500] ?? 0) ^ 1;
  await writeFile(artifact, flipped);
};

describe('a build', () => {
  it('that is whole is offered to a runtime', async () => {
    await build();
    expect(await jobs.builds()).toEqual(new Set([KEY]));
    expect((await jobs.verifiedBuild(KEY)).artifactPath).toBe(artifact);
    expect(files.findings).toEqual([]);
  });

  it('with one bit changed is not offered: it is moved aside and made again', async () => {
    await build();
    await flipBit();
    await expect(jobs.verifiedBuild(KEY)).rejects.toMatchObject({ code: 'BuildDamaged', retryable: true });
    expect(await jobs.builds()).toEqual(new Set());
    expect(files.findings).toMatchObject([{ kind: 'damaged', movedTo: expect.stringContaining(folder.quarantine) as string }]);
    await build();
    expect((await jobs.verifiedBuild(KEY)).artifactPath).toBe(artifact);
  });

  it.each([
    ['cut short', () => truncate(artifact, 10)],
    ['gone', () => rm(artifact)],
    [
      'a folder',
      async () => {
        await rm(artifact);
        await mkdir(artifact);
      },
    ],
    [
      'a FIFO',
      async () => {
        await rm(artifact);
        execFileSync('mkfifo', [artifact]);
      },
    ],
  ])('with an artifact that is %s does not count as made, and is made again', async (_what, damage) => {
    await build();
    await damage();
    expect(await jobs.builds()).toEqual(new Set());
    await expect(jobs.verifiedBuild(KEY)).rejects.toMatchObject({ code: 'BuildMissing' });
    await build();
    expect(await jobs.builds()).toEqual(new Set([KEY]));
  });

  it('that is damaged each time it is made is not made without end', async () => {
    for (let made = 1; made <= 3; made += 1) {
      await build();
      await flipBit();
      await expect(jobs.verifiedBuild(KEY)).rejects.toMatchObject({ code: 'BuildDamaged', retryable: true });
    }
    await expect(jobs.prepareBuild(KEY)).rejects.toMatchObject({ code: 'BuildDamaged', retryable: false });
  });
});

describe.each(['build', 'calibration'] as const)('the folder of a %s', (what) => {
  const path = (): string => (what === 'build' ? jobs.buildFolder(KEY) : jobs.calibrationFolder(KEY));
  const prepare = (): Promise<void> => (what === 'build' ? jobs.prepareBuild(KEY) : jobs.prepareCalibration(KEY));

  it.each([
    ['a file', () => writeFile(path(), '')],
    ['a FIFO', () => Promise.resolve(void execFileSync('mkfifo', [path()]))],
  ])('is made free where %s is in its place', async (_what, put) => {
    await mkdir(dirname(path()), { recursive: true });
    await put();
    await prepare();
    await mkdir(path());
    expect(await readdir(folder.quarantine)).toHaveLength(1);
    expect(files.findings).toMatchObject([{ kind: 'damaged', detail: 'a file is in the place of a folder' }]);
  });
});

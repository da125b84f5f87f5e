import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDurableFs } from '@takt/durable-fs';
import { silentLogger } from '@takt/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataFolder } from '../src/data-folder.js';
import type { DataFolder } from '../src/data-folder.js';
import { enginesInUse } from '../src/work/activation-records.js';
import { StateFiles } from '../src/state/state-files.js';
import { JobsOnDisk } from '../src/work/jobs-on-disk.js';

const fs = createDurableFs();
const key = (name: string): string => name.padEnd(64, '0');
const digest = (name: string): string => `sha256:${key(name)}`;

let root: string;
let folder: DataFolder;
let jobs: JobsOnDisk;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'takt-prune-'));
  folder = dataFolder(root);
  jobs = new JobsOnDisk(new StateFiles({ fs, folder, clock: { now: () => 0, monotonic: () => 0 }, logger: silentLogger }), folder);
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const finish = async (parent: string, file: string, name: string, age: number): Promise<void> => {
  await mkdir(join(parent, key(name)), { recursive: true });
  await writeFile(join(parent, key(name), file), '{}');
  await utimes(join(parent, key(name), file), 1_000_000 - age, 1_000_000 - age);
};
const record = async (slug: string, engines: Record<string, unknown>): Promise<void> => {
  await mkdir(join(folder.lines, slug), { recursive: true });
  const document = { schemaVersion: 1, committed: null, previous: null, candidate: null, outcomes: [], ...engines };
  await writeFile(join(folder.lines, slug, 'activation.json'), JSON.stringify(document));
};
const engine = (name: string): unknown => ({
  artifactPath: join(folder.builds, key(name), 'engine.onnx'),
  plan: { artifact: digest(`${name}f`) },
  releaseName: 'not read',
});

describe('pruning builds and calibrations', () => {
  it('keeps what is named and the newest three, and removes the rest with what was left unfinished', async () => {
    for (const [age, name] of ['a', 'b', 'c', 'd', 'e', 'f'].entries()) await finish(folder.builds, 'build.json', name, age);
    await mkdir(join(folder.builds, key('9')));
    expect(await jobs.pruneBuilds(new Set([key('f')]))).toBe(3);
    expect((await readdir(folder.builds)).sort()).toEqual(['a', 'b', 'c', 'f'].map(key));
    for (const [age, name] of ['a', 'b', 'c', 'd'].entries()) await finish(folder.calibrations, 'calibration.json', name, age);
    expect(await jobs.pruneCalibrations(new Set([key('b')]))).toBe(0);
    expect(await jobs.pruneCalibrations(new Set())).toBe(1);
    expect((await readdir(folder.calibrations)).sort()).toEqual(['a', 'b', 'c'].map(key));
  });

  it('knows every engine that a line on disk serves, tries or would go back to', async () => {
    await record('line-1', { committed: engine('a'), previous: engine('b') });
    await record('line-2', { committed: engine('c'), candidate: { activation: engine('d'), phase: 'solo' } });
    await mkdir(join(folder.lines, 'line-3'));
    const { artifacts, buildKeys } = await enginesInUse(fs, folder);
    expect([...buildKeys].sort()).toEqual(['a', 'b', 'c', 'd'].map(key));
    expect([...artifacts].sort()).toEqual(['af', 'bf', 'cf', 'df'].map(digest));
  });

  it('removes nothing where a record cannot be read', async () => {
    await record('line-1', { committed: { artifactPath: 7 } });
    await expect(enginesInUse(fs, folder)).rejects.toMatchObject({ code: 'DocumentInvalid' });
  });
});

it('a build whose record names no chosen candidate counts as damaged: it is moved aside and built again', async () => {
  const accuracy = { map50: 0.9, map50_95: 0.6, images: 1 };
  const speed = { p50Ms: 1, p95Ms: 1, p99Ms: 1, capacityFps: 1000, inferenceMs: 1, frames: 20 };
  const row = { engine: 'onnxruntime', precision: 'fp32', recipe: 'fp32', threads: { intraOp: 1, spin: false }, artifact: digest('af') };
  const rejected = { ...row, artifactBytes: 4, speed, accuracy, dropPoints: 0, verdict: 'rejected', reason: 'slower' };
  const plan = { ...row, engineVersion: '1', fingerprint: 'f' };
  const artifactPath = join(folder.builds, key('a'), 'engine.onnx');
  const record = { kind: 'build', plan, artifactPath, candidates: [rejected], fp32: accuracy, reason: 'none', seconds: 1 };
  await mkdir(join(folder.builds, key('a')), { recursive: true });
  await writeFile(artifactPath, 'some');
  await writeFile(join(folder.builds, key('a'), 'build.json'), JSON.stringify(record));
  await expect(jobs.verifiedBuild(key('a'))).rejects.toMatchObject({
    code: 'BuildDamaged',
    message: expect.stringContaining('no chosen candidate') as string,
    action: expect.stringContaining('built again') as string,
  });
  expect(await jobs.builds()).toEqual(new Set());
  expect(await readdir(folder.quarantine)).toHaveLength(1);
});

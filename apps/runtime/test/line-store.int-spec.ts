import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDurableFs } from '@takt/durable-fs';
import { asId, silentLogger } from '@takt/kernel';
import type { DeploymentId, Digest } from '@takt/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EMPTY_RECORD } from '../src/activation/record.js';
import { createLineStore } from '../src/activation/store.js';
import type { LineStore } from '../src/activation/store.js';
import { startControlServer } from '../src/control/control-server.js';
import { loadPipeline } from '../src/host/load-pipeline.js';
import { linePaths } from '../src/line-paths.js';
import type { LinePaths } from '../src/line-paths.js';
import { SLUG, assignment, committedOf, putBuild, putNodeFiles } from './node-files.js';

const fs = createDurableFs();
let root: string;
let paths: LinePaths;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'takt-line-store-'));
  paths = linePaths(root, SLUG);
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});
const open = (): LineStore => createLineStore(fs, paths, silentLogger, { now: () => 0 });

it.each([
  ['empty', (path: string) => writeFile(path, '')],
  ['cut in half', (path: string) => writeFile(path, '{"schemaVersion":1,')],
  ['zeros', (path: string) => writeFile(path, Buffer.alloc(64))],
  ['random bytes', (path: string) => writeFile(path, Buffer.from([0xff, 0x80, 0x00]))],
  ['JSON of the wrong shape', (path: string) => writeFile(path, '[]')],
  ['a folder in its place', (path: string) => mkdir(path)],
  ['a FIFO in its place', (path: string) => Promise.resolve(void execFileSync('mkfifo', [path]))],
])('documents of a line that are %s are moved aside, and the line can be written again', async (_how, damage) => {
  await open().writeRecord(EMPTY_RECORD);
  for (const path of [paths.activation, paths.activationCopy, paths.line]) {
    await rm(path, { force: true });
    await damage(path);
  }
  const store = open();
  expect((await store.readRecord()).record).toEqual(EMPTY_RECORD);
  expect(await store.readLine()).toBeUndefined();
  const moved = ['activation.copy.json', 'activation.json', 'line.json'].map((name) => `${name}.19700101T000000000Z`);
  expect(await readdir(paths.quarantine)).toEqual(moved);
  await store.writeRecord(EMPTY_RECORD);
  expect((await open().readRecord()).record).toEqual(EMPTY_RECORD);
});

it('an artifact whose place a FIFO has taken is refused, and does not keep the engine host waiting', async () => {
  const path = join(root, 'engine.onnx');
  execFileSync('mkfifo', [path]);
  const artifact = asId<Digest>(`sha256:${'0'.repeat(64)}`);
  const threads = { intraOp: 1, spin: false };
  const plan = {
    engine: 'onnxruntime',
    precision: 'fp32',
    recipe: 'fp32',
    threads,
    artifact,
    engineVersion: '1',
    fingerprint: 'x',
  } as const;
  const loading = loadPipeline(path, plan, { now: () => 0, monotonic: () => 0 });
  await expect(loading).rejects.toMatchObject({ code: 'ArtifactMissing', message: expect.stringContaining('a FIFO') as string });
});

const first = committedOf('first');
const second = committedOf('second');
const artifact = Buffer.from('an artifact');
const damageBoth = async (): Promise<void> => {
  for (const path of [paths.activation, paths.activationCopy]) await fs.write(path, Buffer.alloc(64));
};

it('a damaged record is taken from its copy, engine before it included', async () => {
  await putBuild(root, first, artifact);
  await putBuild(root, second, artifact);
  await putNodeFiles(root, { current: second, rollback: first });
  await open().writeLine(assignment('/frames'));
  const { record } = await open().readRecord();
  expect(record.previous).not.toBeNull();
  await putNodeFiles(root, { current: committedOf('another') });
  await writeFile(paths.activation, '{"schemaVersion":1,');
  expect(await open().readRecord()).toEqual({ record, lost: null });
  expect(JSON.parse(await readFile(paths.activation, 'utf8'))).toEqual(record);
});

const failing = (path: string): LineStore => {
  const read = (one: string): Promise<Uint8Array | undefined> =>
    one === path ? Promise.reject(Object.assign(new Error('input/output error'), { code: 'EIO' })) : fs.read(one);
  return createLineStore({ ...fs, read }, paths, silentLogger, { now: () => 0 });
};
const outcomes = [
  {
    deploymentId: asId<DeploymentId>(first.deploymentId),
    outcome: 'failed' as const,
    reason: null,
    message: '',
    health: null,
    error: null,
    at: new Date(0).toISOString(),
  },
];

it.each(['with', 'without'])('a record that cannot be read for a moment is left in its place, %s a copy', async (copy) => {
  const record = { ...EMPTY_RECORD, outcomes };
  await open().writeRecord(record);
  if (copy === 'without') await rm(paths.activationCopy);
  const store = failing(paths.activation);
  expect((await store.readRecord()).record).toEqual(EMPTY_RECORD);
  expect((await open().readRecord()).record).toEqual(record);
  // The first record that is written later does not destroy it either.
  await store.writeRecord(EMPTY_RECORD);
  const [moved] = await readdir(paths.quarantine);
  expect(moved).toBe('activation.json.19700101T000000000Z');
  expect(JSON.parse(await readFile(join(paths.quarantine, String(moved)), 'utf8'))).toEqual(record);
});

it('a record without a copy gets one when it is read, and one that cannot be read for a moment is left in its place', async () => {
  await open().writeRecord(EMPTY_RECORD);
  const copy = await readFile(paths.activationCopy, 'utf8');
  await rm(paths.activationCopy);
  await open().readRecord();
  expect(await readFile(paths.activationCopy, 'utf8')).toBe(copy);
  await failing(paths.activationCopy).readRecord();
  expect(await fs.list(paths.quarantine)).toEqual([]);
});

describe('a line whose record and copy are damaged', () => {
  beforeEach(async () => {
    await open().writeLine(assignment('/frames'));
    await damageBoth();
  });

  it('serves again what the agent committed, with the engine before it', async () => {
    await putBuild(root, first, artifact);
    const artifactPath = await putBuild(root, second, artifact);
    await putNodeFiles(root, { current: second, rollback: first });
    const { record, lost } = await open().readRecord();
    expect(lost).toBeNull();
    expect(record).toMatchObject({
      committed: { deploymentId: second.deploymentId, releaseName: 'second', artifactPath, accuracyBudgetPoints: 0.4 },
      previous: { deploymentId: first.deploymentId },
      candidate: null,
      outcomes: [],
    });
    // The next start reads it as any record.
    expect(await open().readRecord()).toEqual({ record, lost: null });
  });

  it('serves what an operator rolled back to, and has nothing to roll back to from there', async () => {
    for (const one of [first, second]) await putBuild(root, one, artifact);
    await putNodeFiles(root, { current: second, rollback: first, active: first });
    expect((await open().readRecord()).record).toMatchObject({ committed: { deploymentId: first.deploymentId }, previous: null });
  });

  it('finds its slot in the desired state where its assignment is damaged, too', async () => {
    await rm(paths.line);
    await putBuild(root, first, artifact);
    await putNodeFiles(root, { current: first, desired: first });
    expect((await open().readRecord()).record.committed?.deploymentId).toBe(first.deploymentId);
  });

  it('falls back to the engine before where the build is gone, and asks the agent for it', async () => {
    await putBuild(root, first, artifact);
    await putNodeFiles(root, { current: second, rollback: first });
    expect((await open().readRecord()).record).toMatchObject({
      committed: { deploymentId: first.deploymentId },
      previous: null,
      outcomes: [{ deploymentId: second.deploymentId, outcome: 'rolled-back', reason: 'ArtifactMissing' }],
    });
  });

  it.each([
    [
      'the build that is missing, and the agent',
      { current: second, desired: second },
      [second.buildKey, 'takt-agent', second.deploymentId],
    ],
    [
      'another deployment where this one was given up',
      { current: second, desired: first, state: 'rolled-back' },
      ['rolled-back', 'another deployment'],
    ],
    ['the agent where no file says what it served', { desired: first }, ['no file of the agent', 'takt-agent', first.deploymentId]],
    ['a deployment where nothing is known', {}, ['no file of the agent', 'a deployment to the line']],
  ])('says that it waits for %s, at the next start again', async (_what, files, parts) => {
    await putNodeFiles(root, files);
    for (const store of [open(), open()]) {
      const { record, lost } = await store.readRecord();
      expect(record).toEqual(EMPTY_RECORD);
      for (const part of [SLUG, ...parts]) expect(lost).toContain(part);
    }
  });
});

it('a new line has lost nothing', async () => {
  expect(await open().readRecord()).toEqual({ record: EMPTY_RECORD, lost: null });
});

it('a record that cannot be written does not keep the line from starting', async () => {
  await putBuild(root, first, artifact);
  await putNodeFiles(root, { current: first });
  await open().writeLine(assignment('/frames'));
  await damageBoth();
  const readOnly = createDurableFs({
    before: ({ kind }) => {
      if (kind === 'create' || kind === 'rename' || kind === 'mkdir')
        throw Object.assign(new Error('read-only file system'), { code: 'EROFS' });
    },
  });
  const { record } = await createLineStore(readOnly, paths, silentLogger, { now: () => 0 }).readRecord();
  expect(record.committed?.deploymentId).toBe(first.deploymentId);
});

it('a folder in the place of the control socket is refused and left as it is', async () => {
  await fs.write(join(paths.socket, 'inside'), 'kept');
  await expect(startControlServer(paths.socket, {} as never)).rejects.toMatchObject({ code: 'SocketPathTaken', element: paths.socket });
  expect(await readFile(join(paths.socket, 'inside'), 'utf8')).toBe('kept');
});

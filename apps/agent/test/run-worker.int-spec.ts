import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDurableFs } from '@takt/durable-fs';
import { silentLogger } from '@takt/kernel';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runWorker } from '../src/work/run-worker.js';

/** Leaves a temporary file, and is killed by the system. */
const KILLED = `
  import { writeFileSync } from 'node:fs';
  import { tmpdir } from 'node:os';
  import { join } from 'node:path';
  writeFileSync(join(tmpdir(), 'takt-left-behind'), '');
  process.kill(process.pid, 'SIGKILL');
`;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'takt-run-worker-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

it('removes the temporary files of a worker that is killed', async () => {
  const workerPath = join(root, 'worker.mjs');
  await writeFile(workerPath, KILLED);
  const environment = { PATH: process.env['PATH'] ?? '', TMPDIR: root };
  const folder = join(root, 'work');
  const run = { workerPath, environment, folder, fs: createDurableFs(), logger: silentLogger, deadlineMs: 60_000 };
  await expect(runWorker({ kind: 'probe', dataDir: root }, { ...run, signal: new AbortController().signal })).rejects.toMatchObject({
    code: 'WorkerDied',
  });
  expect(await readdir(folder)).toEqual([]);
  expect(await readdir(root)).toEqual(['work', 'worker.mjs']);
});

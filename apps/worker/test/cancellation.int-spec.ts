import { sampleCalibrationPath, sampleModelPath } from '@takt/sample-model';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WORKER, descendants, isAlive, removeFolder, runWorker, scratchFolder, smallGolden, until } from './worker-process.js';

let folder: string;
let outDir: string;
let golden: string;
beforeEach(async () => {
  folder = await scratchFolder();
  outDir = join(folder, 'out');
  await mkdir(outDir);
  golden = await smallGolden(folder, 3);
});
afterEach(() => removeFolder(folder));

const longBuild = (): Record<string, unknown> => ({
  kind: 'build',
  model: sampleModelPath(),
  statistics: null,
  calibration: sampleCalibrationPath(),
  golden,
  recipes: ['fp32'],
  threads: [1, 2],
  accuracyBudgetPoints: 100,
  buildCheckWaived: false,
  frames: 100_000,
  outDir,
});

describe('cancellation', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s in the middle ends it with 130, no file, no child', async (signal) => {
    let children: number[] = [];
    const run = await runWorker(folder, longBuild(), (message, child) => {
      if (message.type !== 'progress' || message.phase !== 'measure' || children.length > 0) return;
      children = descendants(child.pid as number);
      child.kill(signal);
    });
    expect(run.exitCode).toBe(130);
    expect(run.messages.filter((message) => message.type !== 'progress')).toEqual([]);
    expect(children.length).toBeGreaterThanOrEqual(2);
    await until(() => !children.some(isAlive));
    expect(readdirSync(outDir)).toEqual([]);
  });

  it('SIGTERM while calibrating leaves no statistics file', async () => {
    const out = join(outDir, 'statistics.json');
    const job = { kind: 'calibrate', model: sampleModelPath(), calibration: sampleCalibrationPath(), sample: 64, seed: 0, out };
    const run = await runWorker(folder, job, (message, child) => {
      if (message.type === 'progress') child.kill('SIGTERM');
    });
    expect(run.exitCode).toBe(130);
    expect(readdirSync(outDir)).toEqual([]);
  });

  it('ends with its children when its parent is killed, or it is killed itself', async () => {
    const job = join(folder, 'job.json');
    await writeFile(job, JSON.stringify(longBuild()));
    const parentCode = `require('node:child_process').spawn(process.execPath, [${JSON.stringify(WORKER)}, 'run', '--job', ${JSON.stringify(job)}], { stdio: 'ignore' }); setInterval(() => {}, 1000);`;
    for (const victim of ['parent', 'worker'] as const) {
      const parent = spawn(process.execPath, ['-e', parentCode], { stdio: 'ignore' });
      // The worker and its two measuring hosts.
      await until(() => descendants(parent.pid as number).length >= 3);
      const family = descendants(parent.pid as number);
      process.kill(victim === 'parent' ? (parent.pid as number) : (family[0] as number), 'SIGKILL');
      await until(() => !family.some(isAlive));
      parent.kill('SIGKILL');
      if (victim === 'parent') expect(readdirSync(outDir)).toEqual([]);
    }
  });
});

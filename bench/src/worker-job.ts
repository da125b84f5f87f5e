import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { workerMessageSchema } from '@takt/contracts';
import type { WorkerJob } from '@takt/contracts';
import { execa } from 'execa';
import { peakMiB } from './process-memory.js';

const WORKER = join(import.meta.dirname, '..', '..', 'apps', 'worker', 'bin', 'takt-worker.mjs');

export interface WorkerRun {
  readonly result: unknown;
  /** Seconds that each phase took, from its first message to its last. */
  readonly seconds: ReadonlyMap<string, number>;
  /** The most memory that was resident at once, in MiB, up to the result; Node.js itself included. */
  readonly peakMiB: number;
}

/** Runs one job in a worker, as the agent and the CLI do. Throws the worker's error. */
export async function runJob(job: WorkerJob, folder: string): Promise<WorkerRun> {
  const file = join(folder, `${job.kind}.json`);
  await writeFile(file, JSON.stringify(job));
  const child = execa(process.execPath, [WORKER, 'run', '--job', file], { reject: false, maxBuffer: 1 << 26 });
  const seconds = new Map<string, number>();
  let phase = '';
  let since = performance.now();
  const turnTo = (next: string): void => {
    const now = performance.now();
    if (phase !== '') seconds.set(phase, (seconds.get(phase) ?? 0) + (now - since) / 1000);
    [phase, since] = [next, now];
  };
  let result: unknown;
  let peak = Number.NaN;
  for await (const line of child) {
    const message = workerMessageSchema.parse(JSON.parse(line));
    peak = peakMiB(child.pid ?? 0) ?? peak;
    if (message.type === 'progress') {
      if (message.phase !== phase) turnTo(message.phase);
      // The last of a phase: what follows until the next one is no part of it.
      if (message.done === message.total) turnTo('');
    } else if (message.type === 'result') result = message.result;
    else throw new Error(`${message.error.message} (${message.error.code})`);
  }
  const { exitCode, stderr } = await child;
  if (result === undefined) throw new Error(`the worker ended with code ${String(exitCode)} and no result: ${stderr.slice(0, 500)}`);
  return { result, seconds, peakMiB: peak };
}

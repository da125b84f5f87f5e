import { workerJobSchema, workerMessageSchema } from '@takt/contracts';
import type { WorkerMessage } from '@takt/contracts';
import { createDurableFs } from '@takt/durable-fs';
import { TaktError, silentLogger } from '@takt/kernel';
import type { TaktErrorData } from '@takt/kernel';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sampleGoldenFolder } from '@takt/sample-model';
import type { JobContext } from '../src/job-context.js';
import { systemClock } from '../src/process/monotonic-clock.js';
import { runJob } from '../src/run-job.js';

export const WORKER = fileURLToPath(new URL('../bin/takt-worker.mjs', import.meta.url));

export interface WorkerRun {
  readonly exitCode: number | null;
  readonly messages: readonly WorkerMessage[];
  readonly stderr: string;
}

/** Runs the worker as the agent does: its own process, a job file, NDJSON on stdout. Every line must be of the protocol. */
export async function runWorker(
  folder: string,
  job: unknown,
  onMessage: (message: WorkerMessage, child: ChildProcess) => void = () => undefined,
): Promise<WorkerRun> {
  const file = join(folder, 'job.json');
  writeFileSync(file, typeof job === 'string' ? job : JSON.stringify(job));
  return runArguments(['run', '--job', file], onMessage);
}

export async function runArguments(
  args: readonly string[],
  onMessage: (message: WorkerMessage, child: ChildProcess) => void = () => undefined,
): Promise<WorkerRun> {
  const child = spawn(process.execPath, [WORKER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const messages: WorkerMessage[] = [];
  let stderr = '';
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const rows = (rest + text).split('\n');
    rest = rows.pop() ?? '';
    for (const row of rows) {
      const message = workerMessageSchema.parse(JSON.parse(row));
      messages.push(message);
      onMessage(message, child);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exitCode = await new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      resolve(code);
    });
  });
  return { exitCode, messages, stderr };
}

/** How a job fails in this process, for the many ways to fail that need no process of their own; no job that starts measuring hosts. */
export async function failureOf(job: unknown): Promise<TaktErrorData> {
  const context: JobContext = {
    signal: new AbortController().signal,
    clock: systemClock,
    fs: createDurableFs(),
    logger: silentLogger,
    progress: () => undefined,
  };
  const thrown: unknown = await runJob(workerJobSchema.parse(job), context).then(
    (result) => new Error(`no failure but ${JSON.stringify(result)}`),
    (reason: unknown) => reason,
  );
  if (!(thrown instanceof TaktError)) throw thrown;
  return thrown.toData();
}

export const resultOf = (run: WorkerRun): Extract<WorkerMessage, { type: 'result' }>['result'] => {
  const last = run.messages.at(-1);
  if (last?.type !== 'result') throw new Error(`no result: ${JSON.stringify(last)} ${run.stderr}`);
  return last.result;
};

/** A folder of the test's own. */
export const scratchFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'takt-worker-test-'));

export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

/** The first `count` images of the sample's golden set, as a data set of their own. Returns its data.yaml. */
export async function smallGolden(folder: string, count: number): Promise<string> {
  const source = sampleGoldenFolder();
  const names = readdirSync(join(source, 'images')).sort().slice(0, count);
  await mkdir(join(folder, 'golden/images'), { recursive: true });
  await mkdir(join(folder, 'golden/labels'), { recursive: true });
  for (const name of names) {
    const labels = `${basename(name).replace(/\.[^.]+$/, '')}.txt`;
    await copyFile(join(source, 'images', name), join(folder, 'golden/images', name));
    await copyFile(join(source, 'labels', labels), join(folder, 'golden/labels', labels));
  }
  const data = join(folder, 'golden/data.yaml');
  await writeFile(data, readFileSync(join(source, 'data.yaml')));
  return data;
}

/** Process ids of `pid`'s descendants that are alive, from /proc. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state !== 'Z') parents.set(Number(name), Number(parent));
    } catch {
      // The process ended meanwhile.
    }
  }
  const children = [...parents].filter(([, parent]) => parent === pid).map(([child]) => child);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
};

/** Waits until `condition` holds; fails after 20 s. */
export async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the condition did not come about within 20 s');
}

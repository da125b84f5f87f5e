import { spawn as spawnProcess } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { workerMessageSchema } from '@takt/contracts';
import type { WorkerJob, WorkerMessage, WorkerResult } from '@takt/contracts';
import { LogField, TaktError } from '@takt/kernel';
import type { DurableFs, Logger } from '@takt/kernel';

export interface WorkerRun {
  /** Absolute path of `takt-worker`. */
  readonly workerPath: string;
  /** All that the worker sees of this process's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folder for the job file and for what the worker writes to `TMPDIR`. */
  readonly folder: string;
  readonly fs: DurableFs;
  readonly logger: Logger;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Extract<WorkerMessage, { type: 'progress' }>) => void;
}

/** How long a worker that was told to end may take before it is killed, ms. */
const GRACE_MS = 8_000;
const STDERR_TAIL = 2_000;

/** Lowers the worker below the runtime: a build must not cost the line frames. */
const NICE = ['-n', '10'];

/**
 * Runs one job in a worker of its own and gives its result. The worker ends with this process: it watches its parent.
 *
 * @throws TaktError: the worker's own, or `WorkerDied`, `WorkerDeadline` (both retryable), `WorkerMissing`
 */
export async function runWorker<K extends WorkerJob['kind']>(
  job: Extract<WorkerJob, { kind: K }>,
  run: WorkerRun,
): Promise<Extract<WorkerResult, { kind: K }>> {
  run.signal.throwIfAborted();
  const id = randomUUID();
  const jobFile = join(run.folder, `job-${job.kind}-${id}.json`);
  // A worker that is killed cannot remove its temporary files.
  const temporary = join(run.folder, `tmp-${id}`);
  await run.fs.write(jobFile, JSON.stringify(job));
  try {
    await mkdir(temporary, { mode: 0o700 });
    return await spawn(job, jobFile, { ...run, environment: { ...run.environment, TMPDIR: temporary } });
  } finally {
    // A child of a killed worker may still write there; the next start of the agent removes the whole folder.
    await run.fs.remove(temporary).catch(() => undefined);
    await run.fs.remove(jobFile);
  }
}

async function spawn<K extends WorkerJob['kind']>(
  job: Extract<WorkerJob, { kind: K }>,
  jobFile: string,
  run: WorkerRun,
): Promise<Extract<WorkerResult, { kind: K }>> {
  const { workerPath, environment, logger, deadlineMs, signal } = run;
  const child = spawnProcess('nice', [...NICE, process.execPath, workerPath, 'run', '--job', jobFile], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  logger.info('worker started', { [LogField.phase]: job.kind, [LogField.pid]: child.pid });
  let result: WorkerResult | undefined;
  let failure: TaktError | undefined;
  let tail = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    tail = `${tail}${line}\n`.slice(-STDERR_TAIL);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = parseLine(line);
    if (message?.type === 'progress') run.onProgress?.(message);
    else if (message?.type === 'result') result = message.result;
    else if (message?.type === 'error') failure = TaktError.fromData(message.error);
  });
  const { exit, timedOut } = await endOf(child, signal, deadlineMs);
  signal.throwIfAborted();
  logger.info('worker ended', { [LogField.phase]: job.kind, [LogField.pid]: child.pid, [LogField.code]: exit });
  if (result?.kind === job.kind) return result as Extract<WorkerResult, { kind: K }>;
  if (failure !== undefined) throw failure;
  throw timedOut ? deadline(job.kind, deadlineMs) : died(job.kind, workerPath, exit, tail);
}

/** Waits for a child and its output to end; past the deadline, or when the signal is aborted, it is told to end and then killed. */
async function endOf(
  child: ChildProcess,
  signal: AbortSignal,
  deadlineMs: number,
): Promise<{ readonly exit: number | string; readonly timedOut: boolean }> {
  let timedOut = false;
  let killing: NodeJS.Timeout | undefined;
  const end = (): void => {
    child.kill('SIGTERM');
    killing ??= setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  };
  const deadlineTimer = setTimeout(() => {
    timedOut = true;
    end();
  }, deadlineMs);
  signal.addEventListener('abort', end, { once: true });
  try {
    const exit = await new Promise<number | string>((resolve) => {
      child.once('error', (error) => {
        resolve(error.message);
      });
      child.once('close', (code, killedBy) => {
        resolve(code ?? killedBy ?? 'no exit code');
      });
      if (signal.aborted) end();
    });
    return { exit, timedOut };
  } finally {
    clearTimeout(deadlineTimer);
    clearTimeout(killing);
    signal.removeEventListener('abort', end);
  }
}

function parseLine(line: string): WorkerMessage | undefined {
  try {
    return workerMessageSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

const deadline = (kind: string, ms: number): TaktError =>
  new TaktError({
    code: 'WorkerDeadline',
    message: `the ${kind} job did not end within ${String(Math.round(ms / 1000))} s`,
    action: 'check the load of the node; raise TAKT_JOB_DEADLINE_MS where the box is slower than that',
    phase: kind,
    component: 'agent',
    retryable: true,
  });

const died = (kind: string, workerPath: string, exit: number | string, tail: string): TaktError =>
  new TaktError({
    code: 'WorkerDied',
    message: `the worker of the ${kind} job ended without a result (${String(exit)})${tail === '' ? '' : `: ${tail.trim()}`}`,
    action: `look for the out-of-memory killer in the kernel log, and that ${workerPath} can be run`,
    phase: kind,
    component: 'agent',
    retryable: true,
  });

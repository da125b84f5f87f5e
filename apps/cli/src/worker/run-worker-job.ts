import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkerJob, WorkerResult } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { Cli } from '../session/session.js';
import { readMessages } from './read-messages.js';

type Job<K extends WorkerJob['kind']> = Extract<WorkerJob, { kind: K }>;
type ResultOf<K extends WorkerJob['kind']> = Omit<Extract<WorkerResult, { kind: K }>, 'kind'>;

/** Longer than the worker's own grace period, after which it leaves by itself. */
const KILL_AFTER_MS = 8_000;

/**
 * Runs one job in a worker of its own and gives its result. Progress goes to the progress line. When the CLI is cancelled
 * the worker gets SIGTERM, and is waited for, so that its unfinished files are gone before the CLI is.
 *
 * @throws TaktError the worker's own error; `Cancelled`; `WorkerMissing`, `WorkerEnded` where the process fails.
 */
export async function runWorkerJob<K extends WorkerJob['kind']>(cli: Cli, job: Job<K>): Promise<ResultOf<K>> {
  await access(cli.config.workerPath).catch(() => {
    throw new TaktError({
      code: 'WorkerMissing',
      message: `there is no worker at ${cli.config.workerPath}`,
      action: 'build the project (npm run build), or name the worker with TAKT_WORKER',
      component: 'cli',
      element: cli.config.workerPath,
    });
  });
  const folder = await mkdtemp(join(tmpdir(), 'takt-job-'));
  try {
    const file = join(folder, 'job.json');
    await writeFile(file, JSON.stringify(job));
    const { kind: _, ...result } = (await runProcess(cli, file)) as Extract<WorkerResult, { kind: K }>;
    return result;
  } finally {
    cli.output.progress.clear();
    await rm(folder, { recursive: true, force: true });
  }
}

async function runProcess(cli: Cli, jobFile: string): Promise<WorkerResult> {
  const { signal, config, output } = cli;
  if (signal.aborted) throw cancelled();
  // Loaded where it is needed: commands that only talk to the control plane start faster.
  const { execa } = await import('execa');
  const child = execa(process.execPath, [config.workerPath, 'run', '--job', jobFile], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: config.debug ? 'inherit' : 'pipe',
    buffer: { stdout: false },
    maxBuffer: { stderr: 64 * 1024 },
    reject: false,
    forceKillAfterDelay: KILL_AFTER_MS,
  });
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  try {
    let result: WorkerResult | undefined;
    let refused: TaktError | undefined;
    for await (const message of readMessages(child.stdout)) {
      if (message.type === 'progress') {
        if (!signal.aborted) output.progress.show({ ...message, label: message.phase });
      } else if (message.type === 'result') result = message.result;
      else refused = TaktError.fromData(message.error);
    }
    const ended = await child;
    if (signal.aborted) throw cancelled();
    if (refused !== undefined) throw refused;
    if (result !== undefined && ended.exitCode === 0) return result;
    throw endedError(ended, typeof ended.stderr === 'string' ? ended.stderr : '');
  } catch (thrown) {
    child.kill('SIGTERM');
    await child;
    throw thrown;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

const cancelled = (): TaktError =>
  new TaktError({ code: 'Cancelled', message: 'the job was cancelled', action: 'run the command again', component: 'cli' });

function endedError(ended: { readonly signal?: string | undefined; readonly exitCode?: number | undefined }, stderr: string): TaktError {
  const how = ended.signal === undefined ? `with exit code ${String(ended.exitCode ?? 'unknown')}` : `by ${ended.signal}`;
  const last = stderr.trim().split('\n').at(-1) ?? '';
  const outOfMemory = ended.signal === 'SIGKILL';
  return new TaktError({
    code: 'WorkerEnded',
    message: `the worker ended ${how} before it had a result${last === '' ? '' : `: ${last.slice(0, 200)}`}`,
    action: outOfMemory
      ? 'the system may have been out of memory: free some, or use fewer calibration images (--sample)'
      : 'run it again with TAKT_DEBUG=1 and report what it prints',
    component: 'worker',
  });
}

import { closeSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TaktError } from '@takt/kernel';
import type { GuardedProcess, ProcessGuard } from '../process/process-guard.js';
import { waitForPort } from '../process/wait-for-port.js';

export interface StartNatsOptions {
  readonly guard: ProcessGuard;
  /** Path of nats-server. */
  readonly binary: string;
  readonly configFile: string;
  /** What the configuration says; used to see when the server answers. */
  readonly host: string;
  readonly port: number;
  readonly logFile: string;
}

export interface RunningService {
  readonly pid: number;
  readonly ended: GuardedProcess['ended'];
  /** Orderly end; everything it accepted is on disk afterwards. */
  stop(): Promise<void>;
  /** SIGKILL, as in a crash. Resolves when it is gone. */
  kill(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;

/** Last lines of a log, for an error that a person reads. */
export const logTail = async (file: string, lines = 5): Promise<string> =>
  (await readFile(file, 'utf8').catch(() => '')).trim().split('\n').slice(-lines).join(' | ');

export const asService = (guarded: GuardedProcess): RunningService => ({
  pid: guarded.pid,
  ended: guarded.ended,
  stop: async () => {
    await guarded.stop();
  },
  kill: async () => {
    guarded.kill('SIGKILL');
    await guarded.ended;
  },
});

/** @throws TaktError `NatsServerNotStarted` with the end of its log */
export const startNats = async (options: StartNatsOptions): Promise<RunningService> => {
  const { guard, binary, configFile, host, port, logFile } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  let guarded: GuardedProcess;
  try {
    guarded = guard.spawn({ command: binary, args: ['-c', configFile], env: { PATH: '/usr/bin:/bin' }, output: log });
  } finally {
    closeSync(log);
  }
  let gone = false;
  void guarded.ended.then(() => {
    gone = true;
  });
  if (!(await waitForPort(port, host, () => gone, START_TIMEOUT_MS))) {
    await guarded.stop(1000);
    throw new TaktError({
      code: 'NatsServerNotStarted',
      message: `nats-server did not start on ${host}:${String(port)}: ${await logTail(logFile)}`,
      action: `read ${logFile}`,
      component: 'local-stack',
      element: 'nats-server',
    });
  }
  return asService(guarded);
};

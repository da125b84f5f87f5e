import type { ChildProcess, StdioOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TaktError } from '@takt/kernel';
import { LAUNCH_SCRIPT, WATCHDOG_SCRIPT } from './watchdog.js';

export interface GuardedCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; nothing is inherited beyond it. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** File descriptor for standard output and error; discarded unless given. */
  readonly output?: number;
  /** What ends the process in an orderly way. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface GuardedProcess {
  /** Also the process group: the command and all children that stayed in it. */
  readonly pid: number;
  /** Resolves when the process has ended and what was left of its group was killed. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** Sends a signal to the process alone. */
  kill(signal: NodeJS.Signals): void;
  /** Orderly end; after `timeoutMs` (default 10 s) the whole group is killed. */
  stop(timeoutMs?: number): Promise<ProcessEnd>;
}

/**
 * Starts processes that cannot outlive this one: a small shell process watches and ends them when this process is gone,
 * even by SIGKILL. Each gets its own process group, so a Ctrl-C in the terminal reaches only whoever stops them.
 */
export interface ProcessGuard {
  spawn(command: GuardedCommand): GuardedProcess;
  /** Pids that are running now. */
  running(): readonly number[];
  /** Stops everything still running, then the watchdog. */
  close(timeoutMs?: number): Promise<void>;
}

interface Entry {
  readonly process: GuardedProcess;
  readonly signal: string;
}

const shortName = (signal: NodeJS.Signals): string => signal.replace(/^SIG/, '');

const killGroup = (pid: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
};

/** Ends what a process left behind in its group. Bounded: a group of zombies alone cannot be ended, and need not be. */
const endLeftovers = async (pid: number): Promise<void> => {
  for (let tries = 0; tries < 20 && killGroup(pid, 'SIGKILL'); tries += 1) await sleep(10);
};

export const createProcessGuard = (): ProcessGuard => {
  const entries = new Map<number, Entry>();
  let watchdog: { readonly child: ChildProcess; readonly input: Socket } | undefined;
  let closing = false;

  const tell = (line: string): void => {
    if (watchdog?.input.writable === true) watchdog.input.write(`${line}\n`);
  };

  const startWatchdog = (): { readonly child: ChildProcess; readonly input: Socket } => {
    const child = spawn('/bin/sh', ['-c', WATCHDOG_SCRIPT], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      env: { PATH: '/usr/bin:/bin' },
    });
    const input = child.stdin as unknown as Socket;
    // The write end may break when the watchdog is killed; its exit handler starts another.
    input.on('error', () => undefined);
    child.once('exit', () => {
      watchdog = undefined;
      if (!closing && entries.size > 0) watchdog = startWatchdog();
    });
    child.once('error', () => undefined);
    child.unref();
    input.unref();
    for (const [pid, { signal }] of entries) input.write(`+ ${String(pid)} ${signal}\n`);
    return { child, input };
  };

  const spawnGuarded = (command: GuardedCommand): GuardedProcess => {
    watchdog ??= startWatchdog();
    const stopSignal = command.stopSignal ?? 'SIGTERM';
    const output = command.output ?? 'ignore';
    const stdio: StdioOptions = ['ignore', output, output, watchdog.input];
    const child = spawn('/bin/sh', ['-c', LAUNCH_SCRIPT, 'sh', shortName(stopSignal), command.command, ...command.args], {
      stdio,
      detached: true,
      env: { ...command.env },
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      ...(command.uid === undefined ? {} : { uid: command.uid }),
      ...(command.gid === undefined ? {} : { gid: command.gid }),
    });
    const { pid } = child;
    if (pid === undefined) {
      child.once('error', () => undefined);
      throw new TaktError({
        code: 'ProcessNotStarted',
        message: `${command.command} could not be started`,
        action: 'check that the working folder exists and the user may run it',
        component: 'local-stack',
        element: command.command,
        retryable: true,
      });
    }
    const ended = new Promise<ProcessEnd>((resolve) => {
      child.once('exit', (code, signal) => {
        void endLeftovers(pid).then(() => {
          entries.delete(pid);
          tell(`- ${String(pid)}`);
          resolve({ code, signal });
        });
      });
    });
    const guarded: GuardedProcess = {
      pid,
      ended,
      kill(signal) {
        if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      },
      async stop(timeoutMs = 10_000) {
        guarded.kill(stopSignal);
        const timer = setTimeout(() => killGroup(pid, 'SIGKILL'), timeoutMs);
        const end = await ended;
        clearTimeout(timer);
        return end;
      },
    };
    entries.set(pid, { process: guarded, signal: shortName(stopSignal) });
    return guarded;
  };

  return {
    spawn: spawnGuarded,
    running: () => [...entries.keys()],
    async close(timeoutMs) {
      await Promise.all([...entries.values()].map((entry) => entry.process.stop(timeoutMs)));
      closing = true;
      watchdog?.input.end();
      watchdog = undefined;
    },
  };
};

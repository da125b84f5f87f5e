import { TaktError } from '@takt/kernel';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { HostAnswers, HostMessage, HostRequest } from './messages.js';

type Answer<R extends HostRequest> = HostAnswers[R['kind']];

/** A measuring host as its parent sees it. */
export interface HostClient {
  /** Requests do not overlap. Throws what the host reports, TaktError `EngineCrashed` when it dies, the abort reason when cancelled. */
  ask<R extends HostRequest>(request: R, onProgress?: (done: number, total: number) => void): Promise<Answer<R>>;
  /** Ends the process; resolves when it is gone. */
  close(): Promise<void>;
}

/** Starts a measuring host: a child with its own engine session, killed when `signal` aborts. */
export function startHost(signal: AbortSignal, label: string): HostClient {
  signal.throwIfAborted();
  const child = fork(fileURLToPath(new URL('./host-main.js', import.meta.url)), {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
    child.once('error', () => {
      resolve();
    });
  });
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  signal.addEventListener('abort', kill, { once: true });
  return {
    ask: (request, onProgress) => ask(child, request, label, signal, onProgress),
    close: async () => {
      signal.removeEventListener('abort', kill);
      kill();
      await gone;
    },
  };
}

function ask<R extends HostRequest>(
  child: ChildProcess,
  request: R,
  label: string,
  signal: AbortSignal,
  onProgress?: (done: number, total: number) => void,
): Promise<Answer<R>> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      child.off('error', onExit);
      action();
    };
    const onMessage = (message: HostMessage): void => {
      if (message.type === 'progress') {
        onProgress?.(message.done, message.total);
        return;
      }
      settle(() => {
        if (message.type === 'answer') resolve(message.answer as Answer<R>);
        else reject(TaktError.fromData(message.error));
      });
    };
    const onExit = (): void => {
      settle(() => {
        reject(signal.aborted ? (signal.reason as Error) : crashed(child, label));
      });
    };
    if (child.exitCode !== null || child.signalCode !== null || !child.connected) {
      reject(signal.aborted ? (signal.reason as Error) : crashed(child, label));
      return;
    }
    child.on('message', onMessage);
    child.once('exit', onExit);
    child.once('error', onExit);
    child.send(request);
  });
}

/** How a host ended. SIGKILL comes from outside (a person, the kernel when memory runs out) and says nothing about the model. */
export const crashed = ({ signalCode, exitCode }: Pick<ChildProcess, 'signalCode' | 'exitCode'>, label: string): TaktError => {
  const killed = signalCode === 'SIGKILL';
  return new TaktError({
    code: 'EngineCrashed',
    message: `the process that ran ${label} ${killed ? 'was killed' : 'ended by itself'} (${signalCode ?? `exit code ${String(exitCode)}`})`,
    action: killed
      ? 'look for the out-of-memory killer in the kernel log and free memory on the node; it is tried again'
      : 'run the model on another engine or export it again; the crash is in the engine library',
    component: 'worker',
    element: label,
    retryable: killed,
  });
};

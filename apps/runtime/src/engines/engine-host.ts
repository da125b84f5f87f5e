import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Activation } from '@takt/contracts';
import type { Box } from '@takt/evaluation';
import { TaktError } from '@takt/kernel';
import type { FromHost, ToHost } from '../host/protocol.js';

export interface HostResult {
  readonly boxes: readonly Box[];
  readonly inferenceMs: number;
}

export interface EngineHostOptions {
  readonly scriptPath: string;
  readonly activation: Activation;
  /** From the start of the process to the loaded artifact. */
  readonly loadTimeoutMs: number;
  /** After being asked to end, until it is killed. */
  readonly endTimeoutMs: number;
}

interface Waiting {
  readonly resolve: (result: HostResult) => void;
  readonly reject: (error: TaktError) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The runtime's side of one engine-host process. The process ends with its channel: by `end`, by a kill, or with the runtime.
 */
export class EngineHost {
  readonly #child: ChildProcess;
  readonly #options: EngineHostOptions;
  readonly #frames = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #loading: { readonly resolve: () => void; readonly reject: (error: TaktError) => void } | undefined;
  #nextId = 0;
  #gone = false;

  constructor(options: EngineHostOptions) {
    this.#options = options;
    this.#child = fork(options.scriptPath, [String(process.pid)], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    this.#child.on('message', (message) => {
      this.#receive(message as FromHost);
    });
    this.#exited = new Promise((resolve) => {
      // A process that could not be started reports `error` and never `exit`.
      this.#child.once('error', () => {
        this.#lose();
        resolve();
      });
      this.#child.once('exit', () => {
        this.#lose();
        resolve();
      });
    });
  }

  get pid(): number | undefined {
    return this.#gone ? undefined : this.#child.pid;
  }

  /** Settles once the process is gone. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /** @throws TaktError what the host refused the artifact with, or `EngineLost` (retryable) when it ended or took too long. */
  load(): Promise<void> {
    const { activation, loadTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.kill();
      }, loadTimeoutMs);
      const settled = (): void => {
        clearTimeout(timer);
        this.#loading = undefined;
      };
      this.#loading = {
        resolve: () => {
          settled();
          resolve();
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      if (this.#gone) this.#loading.reject(this.#lost());
      else this.#send({ type: 'load', artifactPath: activation.artifactPath, plan: activation.plan });
    });
  }

  /**
   * One frame through the engine. A host that has not answered after `deadlineMs` hangs and is killed.
   *
   * @throws TaktError `EngineLost` when the process ended, else what the pipeline threw on this frame.
   */
  detect(bytes: Uint8Array, deadlineMs: number): Promise<HostResult> {
    if (this.#gone) return Promise.reject(this.#lost());
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.kill();
      }, deadlineMs);
      this.#frames.set(id, { resolve, reject, timer });
      this.#send({ type: 'frame', id, bytes });
    });
  }

  /** Lets the frame in flight finish, then ends the process. */
  async end(): Promise<void> {
    if (this.#gone) return;
    this.#send({ type: 'end' });
    const timer = setTimeout(() => {
      this.kill();
    }, this.#options.endTimeoutMs);
    await this.#exited;
    clearTimeout(timer);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #send(message: ToHost): void {
    // A channel that closes under the message is followed by `exit`, which settles whatever waits.
    this.#child.send(message, () => undefined);
  }

  #receive(message: FromHost): void {
    switch (message.type) {
      case 'ready':
        this.#loading?.resolve();
        return;
      case 'refused':
        this.#loading?.reject(TaktError.fromData(message.error));
        return;
      case 'result':
        this.#settle(message.id)?.resolve({ boxes: message.boxes, inferenceMs: message.inferenceMs });
        return;
      case 'frame-failed':
        this.#settle(message.id)?.reject(TaktError.fromData(message.error));
        return;
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#frames.get(id);
    clearTimeout(waiting?.timer);
    this.#frames.delete(id);
    return waiting;
  }

  #lose(): void {
    this.#gone = true;
    this.#loading?.reject(this.#lost());
    for (const id of [...this.#frames.keys()]) this.#settle(id)?.reject(this.#lost());
  }

  #lost(): TaktError {
    const { releaseName } = this.#options.activation;
    return new TaktError({
      code: ENGINE_LOST,
      message: `the process of the engine of release ${releaseName} ended or did not answer`,
      action: 'none: it is started again',
      component: 'runtime',
      element: releaseName,
      retryable: true,
    });
  }
}

export const ENGINE_LOST = 'EngineLost';

import type { Clock, Logger } from '@takt/kernel';
import { within } from './within.js';
import { WatchedWork } from './watched-work.js';

/** How long `stop` waits for the run in hand, ms. */
const STOP_MS = 2_000;

export interface TickerOptions {
  /** As health and the log call it. */
  readonly name: string;
  /** Pause between two runs, ms. */
  readonly pauseMs: number;
  /** Default 30 s. */
  readonly stuckAfterMs?: number;
  /** Default 2 s. */
  readonly stopMs?: number;
}

/** Runs `work` at once and then again and again with a pause between two runs, never twice at a time, until it is stopped. */
export class Ticker {
  readonly work: WatchedWork;
  readonly #options: TickerOptions;
  readonly #once: () => Promise<unknown>;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;

  constructor(options: TickerOptions, work: () => Promise<unknown>, parts: { readonly clock: Clock; readonly logger: Logger }) {
    this.work = new WatchedWork(options.name, parts, options.stuckAfterMs);
    this.#options = options;
    this.#once = work;
    this.#logger = parts.logger;
  }

  /** Does nothing where the pause is `Infinity`. */
  start(): void {
    if (this.#options.pauseMs === Infinity) return;
    this.#running ??= this.#run();
  }

  /** Ends after the run in hand, or without it where that is stuck. */
  async stop(): Promise<void> {
    this.#stop.abort();
    if (this.#running === null) return;
    if (!(await within(this.#options.stopMs ?? STOP_MS, this.#running)))
      this.#logger.warn('background work did not end when it was stopped', { work: this.#options.name });
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.work.run(this.#once);
      await this.#pause();
    }
  }

  #pause(): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, this.#options.pauseMs);
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
    });
  }
}

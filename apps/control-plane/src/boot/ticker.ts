import { setTimeout as sleep } from 'node:timers/promises';

/** Runs `work` again and again with a pause between two runs, never twice at a time, until it is stopped. */
export class Ticker {
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;

  constructor(
    private readonly pauseMs: number,
    private readonly work: () => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Does nothing where the pause is `Infinity`. */
  start(): void {
    if (this.pauseMs === Infinity) return;
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await sleep(this.pauseMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      if (this.#stop.signal.aborted) return;
      try {
        await this.work();
      } catch (error) {
        this.failed(error);
      }
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises';

/** Pause after a look that failed, ms; a fleet that lost its broker together does not look together. */
const PAUSE_MS = 3_000;

/**
 * Looks at something until one look succeeds. The look at the desired state that follows a connect is the one that makes
 * good what was pushed while there was none: left at one attempt, a broker that is still loading its store would cost the
 * node the time until the next regular look.
 */
export class Looking {
  readonly #signal: AbortSignal;
  readonly #pauseMs: () => number;
  #running = false;
  #asked = false;
  #pause = new AbortController();

  constructor(signal: AbortSignal, pauseMs: () => number = () => PAUSE_MS * (1 + Math.random())) {
    this.#signal = signal;
    this.#pauseMs = pauseMs;
  }

  /**
   * Never two looks at a time: a call while one goes on ends its pause, and has another look follow it.
   *
   * @param look resolves when it has seen; rejects to be asked again
   */
  async until(look: () => Promise<void>, failed: (error: unknown) => void): Promise<void> {
    this.#asked = true;
    this.#pause.abort();
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#asked && !this.#signal.aborted) {
        this.#asked = false;
        this.#pause = new AbortController();
        try {
          await look();
        } catch (thrown) {
          failed(thrown);
          const signal = AbortSignal.any([this.#signal, this.#pause.signal]);
          await sleep(this.#pauseMs(), undefined, { signal, ref: false }).catch(() => undefined);
          this.#asked = true;
        }
      }
    } finally {
      this.#running = false;
    }
  }
}

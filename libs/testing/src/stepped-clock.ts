import type { Clock } from '@takt/kernel';

/** Stands still but for `advance`: periods pass at once, and a busy machine lets none pass by chance. */
export class SteppedClock implements Clock {
  #now: number;
  #monotonic = 0;

  /** @param now ms since the epoch; default: the present time */
  constructor(now: number = Date.now()) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** @param ms at least 0 */
  advance(ms: number): void {
    this.#now += ms;
    this.#monotonic += ms;
  }
}

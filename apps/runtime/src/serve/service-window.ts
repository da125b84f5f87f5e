import { summarize } from '@takt/gates';
import type { ServiceTime } from '@takt/gates';

/** Results that are kept at most, so that a fast camera cannot make the window grow. */
const MAX_RESULTS = 10_000;

/** Service time and delivered FPS over the last seconds. Times are monotonic ms. */
export class ServiceWindow {
  readonly #seconds: number;
  readonly #startedAt: number;
  #results: { readonly doneAt: number; readonly serviceMs: number }[] = [];

  constructor(seconds: number, startedAt: number) {
    this.#seconds = seconds;
    this.#startedAt = startedAt;
  }

  add(doneAt: number, serviceMs: number): void {
    this.#results.push({ doneAt, serviceMs });
    if (this.#results.length > MAX_RESULTS * 2) this.#results = this.#results.slice(-MAX_RESULTS);
  }

  /** `deliveredFps` is null in the first second, when nothing can be said yet. */
  read(now: number): { readonly windowSeconds: number; readonly deliveredFps: number | null; readonly serviceTime: ServiceTime | null } {
    const since = now - this.#seconds * 1000;
    this.#results = this.#results.filter(({ doneAt }) => doneAt > since);
    const seconds = Math.min(this.#seconds, (now - this.#startedAt) / 1000);
    return {
      windowSeconds: this.#seconds,
      deliveredFps: seconds < 1 ? null : this.#results.length / seconds,
      serviceTime: summarize(this.#results.map(({ serviceMs }) => serviceMs)),
    };
  }
}

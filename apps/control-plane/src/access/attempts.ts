import type { Clock } from '@takt/kernel';
import { refused } from '../errors.js';

const WINDOW_MS = 60_000;
const FAILURES_PER_WINDOW = 20;
/** Addresses whose failures are remembered; the one that was first is forgotten first. */
const ADDRESSES = 10_000;

/** Counts wrong codes and tokens by remote address: whoever guesses keeps nobody else out. */
export class Attempts {
  /** Monotonic times of failures. */
  readonly #failures = new Map<string, number[]>();

  constructor(private readonly clock: Pick<Clock, 'monotonic'>) {}

  failed(address: string): void {
    const failures = this.#failures.get(address) ?? [];
    this.#failures.set(address, [...failures, this.clock.monotonic()].slice(-FAILURES_PER_WINDOW));
    if (this.#failures.size <= ADDRESSES) return;
    const [oldest] = this.#failures.keys();
    if (oldest !== undefined) this.#failures.delete(oldest);
  }

  /** @throws TaktError `TooManyAttempts` */
  refuseGuessing(address: string): void {
    const since = this.clock.monotonic() - WINDOW_MS;
    const recent = (this.#failures.get(address) ?? []).filter((at) => at >= since);
    if (recent.length === 0) this.#failures.delete(address);
    if (recent.length < FAILURES_PER_WINDOW) return;
    throw refused('TooManyAttempts', 'too many wrong codes in a minute', 'wait a minute', undefined, true);
  }
}

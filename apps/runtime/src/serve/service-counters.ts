import type { SlotCounters } from '@takt/contracts';
import { bucketOf } from '@takt/gates';

/** Service times since the runtime started, counted in buckets: they only grow, so any two readings have a distribution between them. */
export class ServiceCounters {
  readonly #buckets = new Map<number, number>();

  add(serviceMs: number): void {
    const bucket = bucketOf(serviceMs);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
  }

  read(): SlotCounters['serviceTime'] {
    return [...this.#buckets].sort(([a], [b]) => a - b);
  }
}

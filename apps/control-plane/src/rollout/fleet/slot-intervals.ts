import { histogramBetween } from '@takt/gates';
import type { Interval } from '@takt/gates';
import type { SlotSample } from '@takt/persistence';

/** An interval between two readings of a slot's counters. */
export interface TimedInterval extends Interval {
  readonly from: Date;
  readonly to: Date;
  /** What the slot served at the end of it. */
  readonly deploymentId: string | null;
}

/** What happened between neighbouring readings of one slot, oldest first. A restart of the runtime begins anew: nothing spans it. */
export function intervalsOf(samples: readonly SlotSample[]): TimedInterval[] {
  return samples.slice(1).flatMap((later, index) => {
    const earlier = samples[index];
    if (earlier === undefined || earlier.counters.since !== later.counters.since) return [];
    const [a, b] = [earlier.counters, later.counters];
    const serviceTime = histogramBetween(a.serviceTime, b.serviceTime);
    const seconds = (b.elapsedMs - a.elapsedMs) / 1000;
    if (serviceTime === undefined || seconds <= 0 || b.delivered < a.delivered) return [];
    return {
      from: earlier.at,
      to: later.at,
      deploymentId: later.deploymentId,
      seconds,
      delivered: b.delivered - a.delivered,
      dropped: b.dropped - a.dropped,
      errors: b.errors - a.errors,
      serviceTime,
    };
  });
}

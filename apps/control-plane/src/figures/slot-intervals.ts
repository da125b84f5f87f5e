import { histogramBetween } from '@takt/gates';
import type { Interval } from '@takt/gates';
import type { SlotSample } from '@takt/persistence';
import { implausible } from './plausible-interval.js';

/** An interval between two readings of a slot's counters. */
export interface TimedInterval extends Interval {
  readonly from: Date;
  readonly to: Date;
  /** What the slot served at the end of it. */
  readonly deploymentId: string | null;
}

/**
 * What happened between neighbouring readings of one slot, oldest first. Nothing spans a restart of the runtime. Where the engine
 * changed in between, the interval counts to the one that serves at its end. What no runtime can have counted is left out; `refused`
 * gets the reason of each.
 */
export function intervalsOf(readings: readonly SlotSample[], refused?: (why: string) => void): TimedInterval[] {
  return readings.slice(1).flatMap((later, index) => {
    const earlier = readings[index];
    const interval = earlier === undefined ? undefined : between(earlier, later);
    const why = interval === undefined ? null : implausible(interval);
    if (why !== null) refused?.(why);
    return interval === undefined || why !== null ? [] : [interval];
  });
}

/** Undefined where the later reading is not a continuation of the earlier, or repeats it. */
function between(earlier: SlotSample, later: SlotSample): TimedInterval | undefined {
  const [before, after] = [earlier.counters, later.counters];
  const serviceTime = histogramBetween(before.serviceTime, after.serviceTime);
  if (before.since !== after.since || serviceTime === undefined) return undefined;
  const interval: TimedInterval = {
    from: earlier.at,
    to: later.at,
    deploymentId: later.deploymentId,
    seconds: (after.elapsedMs - before.elapsedMs) / 1000,
    delivered: after.delivered - before.delivered,
    dropped: after.dropped - before.dropped,
    errors: after.errors - before.errors,
    serviceTime,
  };
  const grown = interval.delivered >= 0 && interval.dropped >= 0 && interval.errors >= 0;
  return grown && interval.seconds > 0 ? interval : undefined;
}

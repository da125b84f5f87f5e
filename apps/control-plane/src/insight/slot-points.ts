import type { SlotSamples } from '@takt/contracts';
import { histogramBetween, histogramQuantile, mergeHistograms } from '@takt/gates';
import type { Histogram } from '@takt/gates';
import type { SlotSample } from '@takt/persistence';

type Point = SlotSamples['points'][number];

/** What a slot did between two readings of the same counters. */
interface Interval {
  readonly from: number;
  readonly to: number;
  readonly deploymentId: string | null;
  readonly elapsedMs: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly errors: number;
  readonly serviceTime: Histogram;
}

/**
 * The interval between two readings; undefined where the later is not a continuation of the earlier: the runtime started anew.
 * Where the engine changed in between, it counts to the one that serves at its end.
 */
function between(earlier: SlotSample, later: SlotSample): Interval | undefined {
  const [before, after] = [earlier.counters, later.counters];
  const serviceTime = histogramBetween(before.serviceTime, after.serviceTime);
  if (before.since !== after.since || serviceTime === undefined) return undefined;
  const interval: Interval = {
    from: earlier.at.getTime(),
    to: later.at.getTime(),
    deploymentId: later.deploymentId,
    elapsedMs: after.elapsedMs - before.elapsedMs,
    delivered: after.delivered - before.delivered,
    dropped: after.dropped - before.dropped,
    errors: after.errors - before.errors,
    serviceTime,
  };
  const grown = interval.delivered >= 0 && interval.dropped >= 0 && interval.errors >= 0;
  return grown && interval.elapsedMs > 0 ? interval : undefined;
}

/** Neighbours as one: rates over the time that was measured, quantiles of all frames together. */
function merged(intervals: readonly [Interval, ...Interval[]]): Point {
  const sum = (of: (interval: Interval) => number): number => intervals.reduce((total, interval) => total + of(interval), 0);
  const serviceTime = mergeHistograms(intervals.map((interval) => ({ histogram: interval.serviceTime, weight: 1 })));
  const last = intervals.at(-1) ?? intervals[0];
  return {
    from: new Date(intervals[0].from).toISOString(),
    to: new Date(last.to).toISOString(),
    deploymentId: last.deploymentId,
    deliveredFps: (sum((interval) => interval.delivered) * 1000) / sum((interval) => interval.elapsedMs),
    p50Ms: histogramQuantile(serviceTime, 0.5),
    p95Ms: histogramQuantile(serviceTime, 0.95),
    dropped: sum((interval) => interval.dropped),
    errors: sum((interval) => interval.errors),
  };
}

/**
 * Figures of one slot over time, `points` at most, from readings in the order of their times. Each interval goes to the part
 * of the time shown that its end lies in.
 */
export function slotPoints(
  readings: readonly SlotSample[],
  shown: { readonly from: number; readonly to: number; readonly points: number },
): Point[] {
  const stepMs = (shown.to - shown.from) / shown.points;
  const parts = new Map<number, [Interval, ...Interval[]]>();
  for (const [index, later] of readings.entries()) {
    const earlier = readings[index - 1];
    const interval = earlier === undefined ? undefined : between(earlier, later);
    if (interval === undefined) continue;
    const part = Math.min(shown.points - 1, Math.max(0, Math.ceil((interval.to - shown.from) / stepMs) - 1));
    const there = parts.get(part);
    if (there === undefined) parts.set(part, [interval]);
    else there.push(interval);
  }
  return [...parts.values()].map(merged);
}

import type { SlotSamples } from '@takt/contracts';
import { histogramQuantile, mergeHistograms } from '@takt/gates';
import type { SlotSample } from '@takt/persistence';
import { intervalsOf } from './slot-intervals.js';
import type { TimedInterval } from './slot-intervals.js';

type Point = SlotSamples['points'][number];

/** Neighbours as one: rates over the time that was measured, quantiles of all frames together. */
function merged(intervals: readonly [TimedInterval, ...TimedInterval[]]): Point {
  const sum = (of: (interval: TimedInterval) => number): number => intervals.reduce((total, interval) => total + of(interval), 0);
  const serviceTime = mergeHistograms(intervals.map((interval) => ({ histogram: interval.serviceTime, weight: 1 })));
  const last = intervals.at(-1) ?? intervals[0];
  return {
    from: intervals[0].from.toISOString(),
    to: last.to.toISOString(),
    deploymentId: last.deploymentId,
    deliveredFps: sum((interval) => interval.delivered) / sum((interval) => interval.seconds),
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
  const parts = new Map<number, [TimedInterval, ...TimedInterval[]]>();
  for (const interval of intervalsOf(readings)) {
    const part = Math.min(shown.points - 1, Math.max(0, Math.ceil((interval.to.getTime() - shown.from) / stepMs) - 1));
    const there = parts.get(part);
    if (there === undefined) parts.set(part, [interval]);
    else there.push(interval);
  }
  return [...parts.values()].map(merged);
}

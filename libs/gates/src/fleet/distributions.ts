import type { GateDistribution } from './gate-policy.js';
import { deliveredFpsOf, framesOf } from './interval.js';
import type { Interval, SlotFigures } from './interval.js';
import { edgeOf, framesIn, histogramQuantile, mergeHistograms } from './service-histogram.js';

/** Service times before and after, of moved and of control slots, for people to look at. */
export function gateDistributions(updated: readonly SlotFigures[], controls: readonly SlotFigures[]): GateDistribution[] {
  const groups = [
    distribution('updated before', updated, (slot) => slot.before),
    distribution('updated after', updated, (slot) => slot.after),
    distribution('control before', controls, (slot) => slot.before),
    distribution('control after', controls, (slot) => slot.after),
  ];
  return groups.filter((group) => group.frames > 0);
}

function distribution(
  group: GateDistribution['group'],
  slots: readonly SlotFigures[],
  period: (slot: SlotFigures) => readonly Interval[],
): GateDistribution {
  const intervals = slots.flatMap(period);
  const merged = mergeHistograms(intervals.map(({ serviceTime }) => ({ histogram: serviceTime, weight: 1 })));
  const total = framesIn(merged);
  const rates = slots.map((slot) => deliveredFpsOf(period(slot))).filter((value) => value !== null);
  return {
    group,
    slots: slots.length,
    frames: framesOf(intervals),
    p50Ms: histogramQuantile(merged, 0.5),
    p95Ms: histogramQuantile(merged, 0.95),
    p99Ms: histogramQuantile(merged, 0.99),
    deliveredFps: rates.length === 0 ? null : rates.reduce((sum, value) => sum + value, 0) / rates.length,
    buckets: merged.map(([bucket, count]) => ({ fromMs: edgeOf(bucket), toMs: edgeOf(bucket + 1), share: count / total })),
  };
}

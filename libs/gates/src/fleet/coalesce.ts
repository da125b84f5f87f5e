import type { Interval } from './interval.js';
import { mergeHistograms } from './service-histogram.js';

/** More tell a bootstrap of runs of them nothing new, and cost time. */
export const MOST_INTERVALS = 48;

/** At most {@link MOST_INTERVALS} intervals with the same frames: neighbours are put together, so that what lasts for a while stays together. */
export function coalesced(intervals: readonly Interval[], most = MOST_INTERVALS): readonly Interval[] {
  if (intervals.length <= most) return intervals;
  const size = Math.ceil(intervals.length / most);
  return Array.from({ length: Math.ceil(intervals.length / size) }, (_, index) =>
    joined(intervals.slice(index * size, (index + 1) * size)),
  );
}

const joined = (intervals: readonly Interval[]): Interval => {
  const sum = (of: (interval: Interval) => number): number => intervals.reduce((total, interval) => total + of(interval), 0);
  return {
    seconds: sum(({ seconds }) => seconds),
    delivered: sum(({ delivered }) => delivered),
    dropped: sum(({ dropped }) => dropped),
    errors: sum(({ errors }) => errors),
    serviceTime: mergeHistograms(intervals.map(({ serviceTime }) => ({ histogram: serviceTime, weight: 1 }))),
  };
};

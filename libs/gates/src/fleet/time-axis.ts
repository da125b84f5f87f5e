import type { Interval, PeriodInterval } from './interval.js';
import { mergeHistograms } from './service-histogram.js';

/** More tell a bootstrap of runs of them nothing new, and cost time. */
export const MOST_BINS = 48;

/** One period cut into bins of equal length, the same for every slot; bin 0 is the earliest. */
export interface TimeAxis {
  readonly bins: number;
  /** Length of a bin, seconds. */
  readonly binSeconds: number;
}

/**
 * The axis of one period of the moved slots: as long as the longest of them, with no more bins than the slot with the fewest
 * intervals has of those, and at most {@link MOST_BINS}. A bin counts as one piece of evidence, so there are never more of them than
 * readings. No bins where no slot has an interval.
 */
export function timeAxis(periods: readonly (readonly PeriodInterval[])[]): TimeAxis {
  const measured = periods.filter((intervals) => intervals.length > 0);
  if (measured.length === 0) return { bins: 0, binSeconds: 0 };
  // From the middle of a period's earliest interval to its start is half an interval more.
  const seconds = Math.max(...measured.map((intervals) => (earliest(intervals) * intervals.length) / (intervals.length - 0.5)));
  const bins = Math.min(MOST_BINS, ...measured.map((intervals) => intervals.length));
  return { bins, binSeconds: seconds / bins };
}

const earliest = (intervals: readonly PeriodInterval[]): number => Math.max(...intervals.map(({ lagSeconds }) => lagSeconds));

/**
 * A slot's intervals put onto the axis, each into the bin of its middle. A bin in which the slot has no reading is empty; what lies
 * more than half a bin before the axis begins is left out, as the moved slots have nothing to set against it.
 */
export function onAxis(intervals: readonly PeriodInterval[], { bins, binSeconds }: TimeAxis): readonly Interval[] {
  const parts: PeriodInterval[][] = Array.from({ length: bins }, () => []);
  for (const interval of intervals) {
    const age = interval.lagSeconds / binSeconds;
    // Readings of several slots come some time apart.
    if (age < bins + 0.5) parts[bins - 1 - Math.min(bins - 1, Math.floor(age))]?.push(interval);
  }
  return parts.map(joined);
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

import { framesIn } from './service-histogram.js';
import type { Histogram } from './service-histogram.js';

/** What one slot did between two readings of its counters. */
export interface Interval {
  readonly seconds: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly errors: number;
  readonly serviceTime: Histogram;
}

/** An interval of one of the two periods that a gate compares. */
export interface PeriodInterval extends Interval {
  /**
   * Seconds from its middle to the end of its period: to the move, or to the look. Of slots that were moved together, and of those they
   * are compared with, intervals with the same lag were measured at the same time.
   */
  readonly lagSeconds: number;
}

/** One slot of a gate, with what was measured before its node was moved and since. */
export interface SlotFigures {
  readonly slotId: string;
  readonly nodeId: string;
  /** Results per second that its line needs; 0 where it needs none. */
  readonly requiredFps: number;
  readonly before: readonly PeriodInterval[];
  readonly after: readonly PeriodInterval[];
}

export const framesOf = (intervals: readonly Interval[]): number =>
  intervals.reduce((sum, interval) => sum + framesIn(interval.serviceTime), 0);

/** Results per second over all the intervals; null where they cover no time. */
export function deliveredFpsOf(intervals: readonly Interval[]): number | null {
  const seconds = intervals.reduce((sum, interval) => sum + interval.seconds, 0);
  return seconds <= 0 ? null : intervals.reduce((sum, interval) => sum + interval.delivered, 0) / seconds;
}

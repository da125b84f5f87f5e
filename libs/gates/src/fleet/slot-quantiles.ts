import type { Interval } from './interval.js';
import { HISTOGRAM_GROWTH } from './service-histogram.js';

/** Counts of one period of one slot, laid out so that a weighted quantile is one walk over the buckets. */
export interface BucketMatrix {
  readonly intervals: number;
  readonly lowest: number;
  readonly buckets: number;
  /** `intervals × buckets`, row by row. */
  readonly counts: Float64Array;
}

export function bucketMatrix(intervals: readonly Interval[]): BucketMatrix {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { serviceTime } of intervals) {
    for (const [bucket] of serviceTime) {
      lowest = Math.min(lowest, bucket);
      highest = Math.max(highest, bucket);
    }
  }
  const buckets = highest < lowest ? 0 : highest - lowest + 1;
  const counts = new Float64Array(intervals.length * buckets);
  for (const [row, { serviceTime }] of intervals.entries()) {
    for (const [bucket, count] of serviceTime) counts[row * buckets + bucket - lowest] = count;
  }
  return { intervals: intervals.length, lowest, buckets, counts };
}

/** Logarithm of the quantile in ms of the intervals, each taken `weights[i]` times; NaN where nothing was counted. */
export function logQuantile(matrix: BucketMatrix, weights: Float64Array, p: number): number {
  const { intervals, buckets, counts, lowest } = matrix;
  const sums = new Float64Array(buckets);
  let total = 0;
  for (let row = 0; row < intervals; row += 1) {
    const weight = weights[row] ?? 0;
    if (weight === 0) continue;
    for (let column = 0; column < buckets; column += 1) {
      const count = (counts[row * buckets + column] ?? 0) * weight;
      sums[column] = (sums[column] ?? 0) + count;
      total += count;
    }
  }
  if (total === 0) return Number.NaN;
  const wanted = p * total;
  let seen = 0;
  for (let column = 0; column < buckets; column += 1) {
    const count = sums[column] ?? 0;
    if (count > 0 && seen + count >= wanted) return (lowest + column + Math.max(0, wanted - seen) / count) * Math.log(HISTOGRAM_GROWTH);
    seen += count;
  }
  return (lowest + buckets) * Math.log(HISTOGRAM_GROWTH);
}

import type { Range } from './affine.js';

/** Counts of values in equal bins over a known range. Memory does not grow with the number of values. */
export interface Histogram {
  readonly range: Range;
  readonly counts: Float64Array;
}

export const HISTOGRAM_BINS = 2048;

export const createHistogram = (range: Range, bins: number = HISTOGRAM_BINS): Histogram => ({ range, counts: new Float64Array(bins) });

/** Adds values; those outside the range count in the outermost bins. */
export function addToHistogram({ range, counts }: Histogram, values: Float32Array): void {
  const last = counts.length - 1;
  const width = range.high - range.low;
  const perUnit = width > 0 ? counts.length / width : 0;
  const { low } = range;
  for (const value of values) {
    const bin = Math.floor((value - low) * perUnit);
    const at = bin < 0 ? 0 : bin > last ? last : bin;
    counts[at] = (counts[at] ?? 0) + 1;
  }
}

/** Values (bin centres) and weights of the bins that are not empty. */
export interface Distribution {
  readonly values: Float64Array;
  readonly weights: Float64Array;
}

export function distributionOf({ range, counts }: Histogram): Distribution {
  const filled = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  const values = new Float64Array(filled);
  const weights = new Float64Array(filled);
  const width = (range.high - range.low) / counts.length;
  let at = 0;
  counts.forEach((count, bin) => {
    if (count === 0) return;
    values[at] = range.low + (bin + 0.5) * width;
    weights[at] = count;
    at += 1;
  });
  return { values, weights };
}

/** The distribution of a function of a value. */
export const mapDistribution = ({ values, weights }: Distribution, f: (value: number) => number): Distribution => ({
  values: values.map(f),
  weights,
});

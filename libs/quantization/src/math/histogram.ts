import type { Range } from './affine.js';

/** Bins of a histogram at most; a spread of values fills more than half of them. */
export const HISTOGRAM_BINS = 4096;
/** The smallest float32 is 2 to this; no bin need be narrower. */
const SMALLEST_EXPONENT = -149;
/** Bin numbers stay below 2 to this, where floating-point numbers hold every integer. */
const NUMBER_BITS = 30;

/**
 * Counts of values in bins whose width is a power of two, bin `n` from `n · width` to `(n + 1) · width`. It grows with the range
 * that it covers: where the bins no longer reach, each two become one. A bin is the union of two narrower ones exactly, so that
 * what is counted depends on the values and the whole range alone and not on the order in which they came. No pass over the
 * data has to find the range first, and memory does not grow with the number of values.
 */
export class Histogram {
  private low = Number.POSITIVE_INFINITY;
  private high = Number.NEGATIVE_INFINITY;
  private exponent = SMALLEST_EXPONENT;
  /** Number of the bin that `counts` begins with. */
  private first = 0;
  private counts = new Float64Array(0);

  /** Widens the covered range so that it holds `range`, whose ends are finite. */
  cover({ low, high }: Range): void {
    if (low >= this.low && high <= this.high) return;
    const known = this.distribution();
    this.low = Math.min(this.low, low);
    this.high = Math.max(this.high, high);
    this.exponent = exponentFor(this.low, this.high);
    this.first = Math.floor(this.low * 2 ** -this.exponent);
    this.counts = new Float64Array(HISTOGRAM_BINS);
    known.values.forEach((value, i) => {
      this.counts[this.binOf(value)] = (this.counts[this.binOf(value)] as number) + (known.weights[i] as number);
    });
  }

  /** Counts values of the covered range; others are left out. */
  add(values: Float32Array): void {
    const { counts, first } = this;
    const perUnit = 2 ** -this.exponent;
    // The hot loop of calibration: an index and no test are five times as fast as an iterator and two.
    for (let i = 0; i < values.length; i += 1) {
      const bin = Math.floor((values[i] as number) * perUnit) - first;
      counts[bin] = (counts[bin] as number) + 1;
    }
  }

  /** Values (the middle of the part of a bin that is covered) and weights of the bins that are not empty. */
  distribution(): Distribution {
    const width = 2 ** this.exponent;
    const filled = this.counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
    const values = new Float64Array(filled);
    const weights = new Float64Array(filled);
    let at = 0;
    this.counts.forEach((count, bin) => {
      if (count === 0) return;
      const from = (this.first + bin) * width;
      values[at] = (Math.max(from, this.low) + Math.min(from + width, this.high)) / 2;
      weights[at] = count;
      at += 1;
    });
    return { values, weights };
  }

  private binOf(value: number): number {
    return Math.floor(value * 2 ** -this.exponent) - this.first;
  }
}

/** The narrowest bins, as an exponent of two, of which `HISTOGRAM_BINS` cover a range. */
function exponentFor(low: number, high: number): number {
  const largest = Math.max(-low, high);
  const least = Math.max((high - low) / HISTOGRAM_BINS, largest / 2 ** NUMBER_BITS);
  let exponent = Math.max(SMALLEST_EXPONENT, least > 0 ? Math.floor(Math.log2(least)) - 1 : SMALLEST_EXPONENT);
  const tooNarrow = (perUnit: number): boolean =>
    Math.floor(high * perUnit) - Math.floor(low * perUnit) >= HISTOGRAM_BINS || largest * perUnit >= 2 ** NUMBER_BITS;
  while (tooNarrow(2 ** -exponent)) exponent += 1;
  return exponent;
}

/** Values and how often each occurs. */
export interface Distribution {
  readonly values: Float64Array;
  readonly weights: Float64Array;
}

/** The distribution of a function of a value. */
export const mapDistribution = ({ values, weights }: Distribution, f: (value: number) => number): Distribution => ({
  values: values.map(f),
  weights,
});

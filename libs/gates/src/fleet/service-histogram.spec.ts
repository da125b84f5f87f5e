import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantile } from '../quantile.js';
import { HISTOGRAM_GROWTH, bucketOf, edgeOf, framesIn, histogramBetween, histogramQuantile, mergeHistograms } from './service-histogram.js';
import type { Histogram } from './service-histogram.js';

const of = (values: readonly number[]): Histogram =>
  mergeHistograms(values.map((value) => ({ histogram: [[bucketOf(value), 1]] as const, weight: 1 })));

describe('buckets', () => {
  it('hold the times between their edges', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 60_000, noNaN: true }), (ms) => {
        const bucket = bucketOf(ms);
        expect(edgeOf(bucket)).toBeLessThanOrEqual(ms * 1.0000001);
        expect(edgeOf(bucket + 1)).toBeGreaterThanOrEqual(ms * 0.9999999);
      }),
    );
  });

  it('take what is out of range into the outermost ones', () => {
    expect(bucketOf(0)).toBe(bucketOf(-1));
    expect(bucketOf(1e9)).toBe(bucketOf(1e8));
  });
});

describe('a quantile', () => {
  it('is within the width of a bucket of the exact one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 500, noNaN: true }), { minLength: 20, maxLength: 200 }),
        fc.constantFrom(0.5, 0.95),
        (values, p) => {
          const sorted = [...values].sort((a, b) => a - b);
          const rank = Math.max(0, Math.ceil(p * sorted.length) - 1);
          const found = histogramQuantile(of(values), p) ?? 0;
          // The exact value of the rank lies in the bucket that was found.
          expect(found).toBeGreaterThanOrEqual((sorted[rank] ?? 0) / HISTOGRAM_GROWTH);
          expect(found).toBeLessThanOrEqual((sorted[rank] ?? 0) * HISTOGRAM_GROWTH);
        },
      ),
    );
  });

  it('of a smooth distribution is close to the interpolated one', () => {
    const values = Array.from({ length: 1000 }, (_, n) => 10 + n / 100);
    expect((histogramQuantile(of(values), 0.5) ?? 0) / quantile(values, 0.5)).toBeCloseTo(1, 2);
  });

  it('of nothing is null', () => {
    expect(histogramQuantile([], 0.5)).toBeNull();
  });
});

describe('two readings', () => {
  it('have the distribution between them, whatever was read in between', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 100, noNaN: true })),
        fc.array(fc.double({ min: 1, max: 100, noNaN: true })),
        (first, second) => {
          expect(histogramBetween(of(first), of([...first, ...second]))).toEqual(of(second));
        },
      ),
    );
  });

  it('are no series where a count fell', () => {
    expect(histogramBetween([[3, 2]], [[3, 1]])).toBeUndefined();
    expect(histogramBetween([[3, 2]], [[4, 5]])).toBeUndefined();
  });

  it('merge with weights', () => {
    const merged = mergeHistograms([
      { histogram: [[1, 2]], weight: 2 },
      {
        histogram: [
          [0, 1],
          [1, 1],
        ],
        weight: 1,
      },
      { histogram: [[9, 9]], weight: 0 },
    ]);
    expect(merged).toEqual([
      [0, 1],
      [1, 5],
    ]);
    expect(framesIn(merged)).toBe(6);
  });
});

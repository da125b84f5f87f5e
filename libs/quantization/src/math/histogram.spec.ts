import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Range } from './affine.js';
import { HISTOGRAM_BINS, Histogram } from './histogram.js';

const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
const batches = fc.array(fc.array(finite, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 8 });

const rangeOf = (values: readonly number[]): Range => ({ low: Math.min(...values), high: Math.max(...values) });

/** What calibration does: the extremes of a batch first, then its values. */
function grown(all: readonly (readonly number[])[]): Histogram {
  const histogram = new Histogram();
  for (const values of all) {
    histogram.cover(rangeOf(values));
    histogram.add(Float32Array.from(values));
  }
  return histogram;
}

describe('Histogram', () => {
  it('gives what one knowing the whole range from the start gives, in whatever order the values come', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const whole = new Histogram();
        whole.cover(rangeOf(all.flat()));
        whole.add(Float32Array.from(all.flat()));
        expect(grown(all).distribution()).toEqual(whole.distribution());
        expect(grown([...all].reverse()).distribution()).toEqual(whole.distribution());
      }),
    );
  });

  it('counts every value once, inside the range and in order, whatever the sizes', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const { low, high } = rangeOf(all.flat());
        const { values, weights } = grown(all).distribution();
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBe(all.flat().length);
        expect([...values]).toEqual([...values].sort((a, b) => a - b));
        expect(values[0]).toBeGreaterThanOrEqual(low);
        expect(values.at(-1)).toBeLessThanOrEqual(high);
      }),
    );
  });

  it('is as fine as 2048 bins of the whole range, after any growth', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const { low, high } = rangeOf(all.flat());
        const finest = Math.max((high - low) / 2048, Math.max(-low, high) * 2 ** -28, 2 ** -149);
        const { values, weights } = grown(all).distribution();
        const sorted = all.flat().sort((a, b) => a - b);
        let at = 0;
        values.forEach((value, i) => {
          for (const counted of sorted.slice(at, (at += weights[i] ?? 0))) expect(Math.abs(counted - value)).toBeLessThanOrEqual(finest);
        });
      }),
    );
  });

  it('keeps no more than its bins of any number of values', () => {
    const histogram = new Histogram();
    for (let i = 0; i < 50; i += 1) {
      const values = Float32Array.from({ length: 5000 }, (_, at) => Math.sin(i * 5000 + at) * (i + 1));
      histogram.cover(rangeOf([...values]));
      histogram.add(values);
    }
    const { values, weights } = histogram.distribution();
    expect(values.length).toBeLessThanOrEqual(HISTOGRAM_BINS);
    expect(values.length).toBeGreaterThan(HISTOGRAM_BINS / 2);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBe(250_000);
  });

  it('takes a constant, zeros and nothing', () => {
    expect(grown([[2, 2]]).distribution()).toEqual({ values: Float64Array.of(2), weights: Float64Array.of(2) });
    expect(grown([[0, 0]]).distribution()).toEqual({ values: Float64Array.of(0), weights: Float64Array.of(2) });
    expect(new Histogram().distribution()).toEqual({ values: new Float64Array(0), weights: new Float64Array(0) });
  });
});

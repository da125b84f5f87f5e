import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeightLimit } from '@takt/quantization';
import { expectedError, neighbours, roundChannel } from './round-channel.js';

const N = 6;
/** Sums of outer products of patches that have something in common, as those of images have. */
const covarianceOf = fc
  .array(fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: N, maxLength: N }), { minLength: 1, maxLength: 12 })
  .map((patches) => {
    const covariance = new Float64Array(N * N);
    for (const patch of patches)
      for (let i = 0; i < N; i += 1)
        for (let j = 0; j < N; j += 1) covariance[i * N + j] = (covariance[i * N + j] ?? 0) + ((patch[i] ?? 0) + 1) * ((patch[j] ?? 0) + 1);
    return covariance;
  });
const stepsOf = fc.array(fc.double({ min: -70, max: 70, noNaN: true }), { minLength: N, maxLength: N });
const nearest = (steps: readonly number[], limit: number): number[] =>
  steps.map((step) => Math.min(Math.max(Math.round(step), -limit), limit));

describe('roundChannel', () => {
  it('is never worse than nearest rounding, and goes no further than the integers on either side', () => {
    fc.assert(
      fc.property(stepsOf, covarianceOf, (steps, covariance) => {
        const limit = WeightLimit.sevenBit;
        const integers = roundChannel(steps, covariance, limit);
        const before = expectedError(steps, nearest(steps, limit), covariance);
        expect(expectedError(steps, integers, covariance)).toBeLessThanOrEqual(before * (1 + 1e-9) + 1e-9);
        integers.forEach((integer, i) => {
          expect(neighbours(steps[i] ?? 0, limit)).toContain(integer);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('finds what cancels: two equal inputs share the error of their weights', () => {
    const covariance = Float64Array.of(1, 1, 1, 1);
    expect([...roundChannel([0.4, 0.4], covariance, 64)].toSorted()).toEqual([0, 1]);
    expect(expectedError([0.4, 0.4], [0, 0], covariance)).toBeCloseTo(0.64, 12);
    expect(expectedError([0.4, 0.4], [1, 0], covariance)).toBeCloseTo(0.04, 12);
  });

  it('is nearest rounding where inputs have nothing in common, and where there are none', () => {
    const steps = [0.4, -0.6, 2.5001, 80, -3];
    const alone = Float64Array.from({ length: 25 }, (_, i) => (i % 6 === 0 ? 1 : 0));
    expect([...roundChannel(steps, alone, 64)]).toEqual([0, -1, 3, 64, -3]);
    expect([...roundChannel(steps, new Float64Array(25), 64)]).toEqual([0, -1, 3, 64, -3]);
  });
});

describe('neighbours', () => {
  it.each([
    [0.4, [0, 1]],
    [-0.4, [-1, 0]],
    [3, [3, 3]],
    [3.0000001, [3, 3]],
    [63.5, [63, 64]],
    [64.5, [64, 64]],
    [-90, [-64, -64]],
  ])('of %d are %j', (steps, expected) => {
    expect(neighbours(steps, 64).map((value) => value + 0)).toEqual(expected);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Distribution } from './histogram.js';
import { expectedError, prepare, searchRange } from './range-search.js';

const distribution = (entries: readonly (readonly [number, number])[]): Distribution => ({
  values: Float64Array.from(entries, ([value]) => value),
  weights: Float64Array.from(entries, ([, weight]) => weight),
});

const bell = (width: number): Distribution =>
  distribution(Array.from({ length: 801 }, (_, i) => [(i - 400) / 100, Math.exp(-(((i - 400) / 100) ** 2) / (2 * width * width)) * 1000]));

describe('searchRange', () => {
  it('keeps a uniform range nearly whole', () => {
    const uniform = distribution(Array.from({ length: 1000 }, (_, i) => [i / 1000, 1]));
    const { low, high } = searchRange([{ distribution: uniform, transfer: 'identity' }], { low: 0, high: 1 });
    expect(low).toBe(0);
    expect(high).toBeGreaterThan(0.97);
  });

  it('cuts a lone outlier off when that costs less than the resolution it would take', () => {
    const withOutlier = distribution([...Array.from({ length: 1000 }, (_, i) => [i / 1000, 1_000_000] as const), [20, 1]]);
    const member = { distribution: withOutlier, transfer: 'identity' } as const;
    const found = searchRange([member], { low: 0, high: 20 });
    expect(found.high).toBeLessThan(20);
    expect(expectedError([prepare(member)], found)).toBeLessThan(expectedError([prepare(member)], { low: 0, high: 20 }));
  });

  it('keeps the rare large values that squares would clip for the background', () => {
    // One value of a thousand is ten times the rest, as where an object is.
    const rare = distribution([...Array.from({ length: 1000 }, (_, i) => [i / 1000, 1000] as const), [10, 1000]]);
    expect(searchRange([{ distribution: rare, transfer: 'identity' }], { low: 0, high: 10 }).high).toBeGreaterThan(9);
  });

  it('never does worse than the full range, stays inside it and contains zero', () => {
    const entries = fc.array(fc.tuple(fc.double({ min: -9, max: 9, noNaN: true }), fc.integer({ min: 1, max: 1000 })), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(entries, fc.constantFrom('identity' as const, 'silu' as const), (list, transfer) => {
        const full = { low: Math.min(...list.map(([v]) => v)), high: Math.max(...list.map(([v]) => v)) };
        const member = { distribution: distribution(list), transfer };
        const found = searchRange([member], full);
        const wide = { low: Math.min(full.low, 0), high: Math.max(full.high, 0) };
        expect(found.low).toBeLessThanOrEqual(0);
        expect(found.high).toBeGreaterThanOrEqual(0);
        expect(found.low).toBeGreaterThanOrEqual(wide.low);
        expect(found.high).toBeLessThanOrEqual(wide.high);
        expect(expectedError([prepare(member)], found)).toBeLessThanOrEqual(expectedError([prepare(member)], wide));
      }),
      { numRuns: 50 },
    );
  });

  it('gives up large negatives before SiLU, which hides them, but not otherwise', () => {
    const before = distribution(Array.from({ length: 2000 }, (_, i) => [-16 + i / 100, 1]));
    const full = { low: -16, high: 4 };
    const identity = searchRange([{ distribution: before, transfer: 'identity' }], full);
    const silu = searchRange([{ distribution: before, transfer: 'silu' }], full);
    expect(identity.low).toBeLessThan(-15);
    expect(silu.low).toBeGreaterThan(-12);
    // Clipped higher, every value below would become the same small negative number.
    expect(silu.low).toBeLessThanOrEqual(-7);
    expect(silu.high).toBeGreaterThan(3.9);
  });

  it('serves all members of a tie group', () => {
    const narrow = { distribution: bell(0.1), transfer: 'identity' } as const;
    const wide = { distribution: bell(1), transfer: 'identity' } as const;
    const full = { low: -4, high: 4 };
    const together = searchRange([narrow, wide], full);
    expect(together.high).toBeGreaterThan(searchRange([narrow], full).high);
  });
});

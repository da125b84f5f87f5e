import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INT8, UINT8, affineFromRange, coveredRange, dequantize, quantize, roundHalfEven } from './affine.js';

const range = fc
  .tuple(fc.double({ min: -1e4, max: 1e4, noNaN: true }), fc.double({ min: -1e4, max: 1e4, noNaN: true }))
  .map(([a, b]) => ({ low: Math.min(a, b), high: Math.max(a, b) }));

describe('affineFromRange', () => {
  it('maps an image of 0–1 to 1/255 and zero point 0', () => {
    expect(affineFromRange({ low: 0, high: 1 }, UINT8)).toEqual({ scale: Math.fround(1 / 255), zeroPoint: 0 });
  });

  it.each([
    ['uint8', UINT8],
    ['int8', INT8],
  ])('represents zero exactly and covers the range to half a step (%s)', (_, integers) => {
    fc.assert(
      fc.property(range, (wanted) => {
        const affine = affineFromRange(wanted, integers);
        expect(Number.isInteger(affine.zeroPoint)).toBe(true);
        expect(dequantize(quantize(0, affine, integers), affine)).toBe(0);
        if (wanted.high - wanted.low < 1e-6) return;
        const covered = coveredRange(affine, integers);
        const slack = affine.scale * 0.501;
        expect(covered.low).toBeLessThanOrEqual(Math.min(wanted.low, 0) + slack);
        expect(covered.high).toBeGreaterThanOrEqual(Math.max(wanted.high, 0) - slack);
      }),
    );
  });

  it('rounds inside the range to at most half a step away', () => {
    fc.assert(
      fc.property(range, fc.double({ min: 0, max: 1, noNaN: true }), (wanted, at) => {
        const affine = affineFromRange(wanted, UINT8);
        const covered = coveredRange(affine, UINT8);
        const value = covered.low + at * (covered.high - covered.low);
        expect(Math.abs(dequantize(quantize(value, affine, UINT8), affine) - value)).toBeLessThanOrEqual(affine.scale * 0.5001);
      }),
    );
  });

  it('gives a value that is always zero a harmless scale', () => {
    expect(affineFromRange({ low: 0, high: 0 }, UINT8)).toEqual({ scale: Math.fround(1 / 255), zeroPoint: 0 });
  });

  it('saturates outside', () => {
    const affine = affineFromRange({ low: -1, high: 1 }, INT8);
    expect(quantize(50, affine, INT8)).toBe(127);
    expect(quantize(-50, affine, INT8)).toBe(-128);
  });
});

describe('roundHalfEven', () => {
  it.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [-0.5, 0],
    [-1.5, -2],
    [-2.5, -2],
    [2.4, 2],
    [2.6, 3],
  ])('%d → %d', (value, expected) => {
    expect(roundHalfEven(value) + 0).toBe(expected);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromFloat16, toFloat16 } from './float16.js';

describe('binary16', () => {
  it('holds every one of its 65,536 values', () => {
    let different = 0;
    for (let half = 0; half < 0x10000; half += 1) {
      const value = fromFloat16(half);
      if (Number.isNaN(value) ? !Number.isNaN(fromFloat16(toFloat16(value))) : toFloat16(value) !== half) different += 1;
    }
    expect(different).toBe(0);
  });

  it('rounds any number to the nearest, ties to the even one', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true, min: -65503, max: 65503 }), (value) => {
        const half = toFloat16(value);
        const error = Math.abs(fromFloat16(half) - value);
        const magnitude = half & 0x7fff;
        for (const neighbour of [magnitude - 1, magnitude + 1]) {
          if (neighbour < 0 || neighbour >= 0x7c00) continue;
          const other = Math.abs(fromFloat16((half & 0x8000) | neighbour) - value);
          expect(other > error || (other === error && magnitude % 2 === 0)).toBe(true);
        }
      }),
      { seed: 11, numRuns: 2000 },
    );
  });

  it.each([
    [65504, 0x7bff],
    [65519, 0x7bff],
    [65520, 0x7c00],
    [-1e9, 0xfc00],
    [2 ** -24, 1],
    [2 ** -25, 0],
    [2 ** -25 * 1.01, 1],
    [-0, 0x8000],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
  ])('%d is 0x%s', (value, half) => {
    expect(toFloat16(value)).toBe(half);
  });
});

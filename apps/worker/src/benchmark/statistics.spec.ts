import { describe, expect, it } from 'vitest';
import { ascending, percentile, rotations } from './statistics.js';

describe('percentile', () => {
  it('interpolates between neighbours', () => {
    expect(percentile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([1, 2, 3], 1)).toBe(3);
    expect(percentile([], 0.5)).toBeNaN();
  });

  it('wants ascending values, which ascending gives without touching its input', () => {
    const values = [3, 1, 2];
    expect(ascending(values)).toEqual([1, 2, 3]);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('rotations', () => {
  it('lets each item stand at each place equally often', () => {
    expect([...rotations(['a', 'b', 'c'], 4)]).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c', 'a'],
      ['c', 'a', 'b'],
      ['a', 'b', 'c'],
    ]);
    expect([...rotations([], 2)]).toEqual([[], []]);
  });
});

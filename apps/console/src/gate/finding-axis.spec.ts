import type { GateFinding } from '@takt/gates';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findingAxis, isAtLeast } from './finding-axis.js';

const finding = (more: Partial<GateFinding> = {}): GateFinding => ({
  code: 'ServiceTimeP50',
  outcome: 'successful',
  against: 'past',
  measured: 0.02,
  lower: -0.01,
  upper: 0.05,
  bound: 0.1,
  unit: 'fraction',
  message: '',
  ...more,
});

describe('findingAxis', () => {
  it('keeps the order of the values, and all of them inside', () => {
    const value = fc.double({ min: -5, max: 5, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(value, value, value), value, (three, bound) => {
        const [lower = 0, measured = 0, upper = 0] = three.toSorted((a, b) => a - b);
        const axis = findingAxis(finding({ lower, measured, upper, bound }));
        for (const place of [axis.zero, axis.bound, axis.measured ?? 0, axis.interval?.from ?? 0, axis.interval?.to ?? 0]) {
          expect(place).toBeGreaterThan(0);
          expect(place).toBeLessThan(100);
        }
        expect((axis.interval?.from ?? 0) <= (axis.measured ?? 0)).toBe(true);
        expect((axis.measured ?? 0) <= (axis.interval?.to ?? 0)).toBe(true);
        if ((axis.measured ?? 0) > axis.bound) expect(measured).toBeGreaterThan(bound);
      }),
    );
  });

  it('draws nothing that was not measured', () => {
    expect(findingAxis(finding({ measured: null, lower: null, upper: null }))).toMatchObject({ measured: null, interval: null });
  });

  it('allows what is above the bound where the bound is the least that is needed', () => {
    const least = finding({ code: 'NodesMeasured', unit: 'nodes', measured: 3, bound: 2, lower: null, upper: null });
    expect(isAtLeast(least)).toBe(true);
    const axis = findingAxis(least);
    expect(axis.allowed).toEqual({ from: axis.bound, to: 100 });
    expect(axis.low).toBe(0);
    expect(findingAxis(finding()).allowed.from).toBe(0);
  });

  it('has room where every value is zero', () => {
    const axis = findingAxis(finding({ measured: 0, lower: null, upper: null, bound: 0, unit: 'nodes' }));
    expect(axis.high).toBeGreaterThan(axis.low);
  });
});

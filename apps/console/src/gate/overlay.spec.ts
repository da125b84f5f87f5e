import { HISTOGRAM_GROWTH } from '@takt/gates';
import type { GateDistribution } from '@takt/gates';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlay } from './overlay.js';

const distribution = (group: GateDistribution['group'], shares: Readonly<Record<number, number>>): GateDistribution => ({
  group,
  slots: 1,
  frames: 100,
  p50Ms: 1,
  p95Ms: 1,
  p99Ms: 1,
  deliveredFps: 20,
  buckets: Object.entries(shares).map(([index, share]) => ({
    fromMs: HISTOGRAM_GROWTH ** Number(index),
    toMs: HISTOGRAM_GROWTH ** (Number(index) + 1),
    share,
  })),
});

describe('overlay', () => {
  it('is empty without buckets', () => {
    expect(overlay([])).toEqual([]);
    expect(overlay([distribution('updated before', {})])).toEqual([]);
  });

  it('puts groups on the same steps, zero where one has nothing', () => {
    const rows = overlay([distribution('updated before', { 10: 0.5, 11: 0.5 }), distribution('updated after', { 13: 1 })]);
    expect(rows.map((row) => [row['updated before'], row['updated after']])).toEqual([
      [0.5, 0],
      [0.5, 0],
      [0, 0],
      [0, 1],
      [0, 0],
    ]);
    expect(rows[0]?.fromMs).toBeCloseTo(HISTOGRAM_GROWTH ** 10);
    expect(rows[4]?.fromMs).toBeCloseTo(HISTOGRAM_GROWTH ** 14);
  });

  it('loses no frame, however wide the range', () => {
    const shares = fc.dictionary(fc.integer({ min: -60, max: 240 }).map(String), fc.double({ min: 0.001, max: 1, noNaN: true }), {
      minKeys: 1,
    });
    fc.assert(
      fc.property(shares, shares, (before, after) => {
        const rows = overlay([distribution('updated before', before), distribution('control after', after)]);
        expect(rows.length).toBeLessThanOrEqual(49);
        const sum = (group: 'updated before' | 'control after'): number => rows.reduce((total, row) => total + (row[group] ?? 0), 0);
        const whole = (given: Record<string, number>): number => Object.values(given).reduce((total, share) => total + share, 0);
        expect(sum('updated before')).toBeCloseTo(whole(before));
        expect(sum('control after')).toBeCloseTo(whole(after));
        expect(rows.map(({ fromMs }) => fromMs)).toEqual(rows.map(({ fromMs }) => fromMs).toSorted((a, b) => a - b));
      }),
    );
  });

  it('does not let one stray frame squeeze the picture', () => {
    const rows = overlay([distribution('updated after', { 50: 0.5, 51: 0.499, 200: 0.001 })]);
    expect(rows).toHaveLength(3);
    expect(rows[1]?.['updated after']).toBeCloseTo(0.5);
  });
});

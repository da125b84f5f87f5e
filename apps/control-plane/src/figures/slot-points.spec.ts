import { bucketOf, edgeOf } from '@takt/gates';
import type { SlotSample } from '@takt/persistence';
import { describe, expect, it } from 'vitest';
import { slotPoints } from './slot-points.js';

const START = Date.UTC(2026, 0, 1);
const at = (second: number): string => new Date(START + second * 1000).toISOString();

/** A reading `second` seconds in, of a runtime that delivers `fps` frames a second at `ms` since `since`. */
const reading = (second: number, change: Partial<{ fps: number; ms: number; since: number; deploymentId: string }> = {}): SlotSample => {
  const { fps = 10, ms = 20, since = 0, deploymentId = 'first' } = change;
  const frames = (second - since) * fps;
  return {
    slotId: 'slot' as never,
    at: new Date(START + second * 1000),
    deploymentId,
    counters: {
      since: at(since),
      elapsedMs: (second - since) * 1000,
      delivered: frames,
      dropped: second - since,
      errors: 0,
      serviceTime: frames === 0 ? [] : [[bucketOf(ms), frames]],
    },
  };
};
const shown = { from: START, to: START + 100_000, points: 10 };

describe('slotPoints', () => {
  it('has the difference of consecutive readings, over the time that the runtime measured', () => {
    const [point, ...more] = slotPoints([reading(0), reading(10)], shown);
    expect(more).toEqual([]);
    expect(point).toMatchObject({ from: at(0), to: at(10), deploymentId: 'first', deliveredFps: 10, dropped: 10, errors: 0 });
    for (const quantile of [point?.p50Ms, point?.p95Ms]) {
      expect(quantile).toBeGreaterThanOrEqual(edgeOf(bucketOf(20)));
      expect(quantile).toBeLessThanOrEqual(edgeOf(bucketOf(20) + 1));
    }
  });

  it('loses nothing with a reading that is missing', () => {
    const whole = slotPoints([reading(10), reading(12), reading(14), reading(20)], shown);
    expect(whole).toEqual(slotPoints([reading(10), reading(20)], shown));
    expect(whole).toMatchObject([{ from: at(10), to: at(20), deliveredFps: 10 }]);
  });

  it('merges down to the points that are asked for', () => {
    const readings = Array.from({ length: 101 }, (_, second) => reading(second));
    const points = slotPoints(readings, shown);
    expect(points).toHaveLength(10);
    expect(points.map(({ from, to }) => [from, to])).toEqual(Array.from({ length: 10 }, (_, i) => [at(i * 10), at(i * 10 + 10)]));
    for (const points of [1, 7, 99, 1000]) {
      const merged = slotPoints(readings, { ...shown, points });
      expect(merged.length).toBeLessThanOrEqual(points);
      expect(merged.reduce((sum, point) => sum + point.dropped, 0)).toBe(100);
    }
  });

  it('starts anew with the runtime, and counts no time in which it was away', () => {
    const points = slotPoints([reading(0), reading(10), reading(40, { since: 30 }), reading(50, { since: 30, fps: 2 })], shown);
    // The last one went back below what was counted before: nobody can say what happened.
    expect(points).toMatchObject([{ from: at(0), to: at(10) }]);
    expect(slotPoints([reading(0), reading(40, { since: 30 }), reading(50, { since: 30 })], shown)).toMatchObject([
      { from: at(40), to: at(50), deliveredFps: 10 },
    ]);
  });

  it('counts the interval of a swap to the engine that serves at its end', () => {
    const points = slotPoints([reading(0), reading(10), reading(20, { deploymentId: 'second' })], shown);
    expect(points.map((point) => point.deploymentId)).toEqual(['first', 'second']);
  });

  it('has no quantiles where no frame came', () => {
    expect(slotPoints([reading(0, { fps: 0 }), reading(10, { fps: 0 })], shown)).toMatchObject([
      { deliveredFps: 0, p50Ms: null, p95Ms: null },
    ]);
  });

  it('takes an interval that began before the time shown, and counters that stood still for none', () => {
    expect(slotPoints([reading(5), reading(15)], { ...shown, from: START + 10_000 })).toMatchObject([{ from: at(5) }]);
    expect(slotPoints([reading(5), { ...reading(5), at: new Date(START + 9_000) }], shown)).toEqual([]);
    expect(slotPoints([], shown)).toEqual([]);
  });
});

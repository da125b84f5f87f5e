import { COUNT_MAX } from '@takt/contracts';
import { bucketOf } from '@takt/gates';
import type { Histogram, Interval } from '@takt/gates';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { implausible } from './plausible-interval.js';

const of = (serviceTime: Histogram, change: Partial<Interval> = {}): Interval => {
  const delivered = serviceTime.reduce((sum, [, count]) => sum + count, 0);
  return { seconds: 5, delivered, dropped: 0, errors: 0, serviceTime, ...change };
};

describe('what a runtime can have counted between two readings', () => {
  it('is whatever it serves one after another, at any speed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 2, max: 30_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (times, begun) => {
          const counts = new Map<number, number>();
          for (const ms of times) counts.set(bucketOf(ms), (counts.get(bucketOf(ms)) ?? 0) + 1);
          // The reading before came while the first frame was served.
          const seconds = (times.reduce((sum, ms) => sum + ms, 0) - (times[0] ?? 0) * begun) / 1000;
          expect(implausible(of([...counts], { seconds }))).toBeNull();
        },
      ),
    );
    expect(implausible(of([]))).toBeNull();
  });

  it('is no more than a camera gives, and has as many service times as frames', () => {
    expect(implausible(of([[20, COUNT_MAX]]))).toContain('frames delivered in 5.000 s');
    expect(implausible(of([], { dropped: 10_000 }))).toBe('10000 frames dropped in 5.000 s');
    expect(implausible(of([], { errors: 10_000 }))).toBe('10000 errors in 5.000 s');
    expect(implausible(of([[20, 100]], { delivered: 99 }))).toBe('100 service times of 99 frames in 5.000 s');
    expect(implausible(of([], { delivered: 100 }))).toBe('0 service times of 100 frames in 5.000 s');
  });

  it('takes no longer than the time between them', () => {
    expect(implausible(of([[bucketOf(1e9), 50]]))).toContain('s of service in 5.000 s');
    expect(implausible(of([[1_000, 1]]))).toBe('service times out of range');
  });
});

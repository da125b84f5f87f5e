import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framesOf } from './interval.js';
import type { PeriodInterval } from './interval.js';
import { MOST_BINS, onAxis, timeAxis } from './time-axis.js';

const interval = (lagSeconds: number, frames: number): PeriodInterval => ({
  lagSeconds,
  seconds: 1,
  delivered: frames,
  dropped: 0,
  errors: 0,
  serviceTime: frames === 0 ? [] : [[60, frames]],
});

/** One interval a second, the last one ending with its period. */
const everySecond = (count: number, late = 0): PeriodInterval[] =>
  Array.from({ length: count }, (_, index) => interval(count - 0.5 - index + late, index + 1));

const anyPeriod = fc
  .array(fc.tuple(fc.double({ min: 0.01, max: 4000, noNaN: true }), fc.integer({ min: 0, max: 50 })), { minLength: 1, maxLength: 120 })
  .map((parts) => parts.map(([lag, frames]) => interval(lag, frames)).sort((a, b) => b.lagSeconds - a.lagSeconds));

describe('the time axis of a period', () => {
  it('has a bin for each interval of readings that come regularly, the earliest first', () => {
    const period = everySecond(12);
    const axis = timeAxis([period]);
    expect(axis.bins).toBe(12);
    expect(onAxis(period, axis).map(({ delivered }) => delivered)).toEqual(period.map(({ delivered }) => delivered));
  });

  it('has no more bins than the slot with the fewest readings, and never more than are worth drawing', () => {
    expect(timeAxis([everySecond(30), everySecond(7)]).bins).toBe(7);
    expect(timeAxis([everySecond(600)]).bins).toBe(MOST_BINS);
    expect(timeAxis([[], everySecond(9)]).bins).toBe(9);
    expect(timeAxis([[], []]).bins).toBe(0);
  });

  it('keeps every frame of the slots that it was made of', () => {
    fc.assert(
      fc.property(fc.array(anyPeriod, { minLength: 1, maxLength: 4 }), (periods) => {
        const axis = timeAxis(periods);
        for (const period of periods) {
          const bins = onAxis(period, axis);
          expect(bins).toHaveLength(axis.bins);
          expect(framesOf(bins)).toBe(framesOf(period));
          expect(bins.reduce((sum, bin) => sum + bin.seconds, 0)).toBeCloseTo(period.length, 6);
        }
      }),
    );
  });

  it('puts what two slots measured at the same time into the same bin', () => {
    const axis = timeAxis([everySecond(20)]);
    const [own, other] = [onAxis(everySecond(20), axis), onAxis(everySecond(20, 0.2), axis)];
    expect(other.map(({ delivered }) => delivered)).toEqual(own.map(({ delivered }) => delivered));
  });

  it('leaves out what another slot measured before it begins, and leaves empty what it did not measure', () => {
    const axis = timeAxis([everySecond(10)]);
    expect(framesOf(onAxis(everySecond(40), axis))).toBe(framesOf(everySecond(40).slice(-10)));
    expect(onAxis(everySecond(4), axis).map(({ delivered }) => delivered > 0)).toEqual([
      ...Array<boolean>(6).fill(false),
      true,
      true,
      true,
      true,
    ]);
  });
});

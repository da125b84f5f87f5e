import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, tickStyle, timeTicks } from './time-ticks.js';

const at = (time: string): number => Date.parse(`2026-11-25T${time}Z`);
const clock = (times: readonly number[]): string[] => times.map((time) => new Date(time).toISOString().slice(11, 19));

describe('timeTicks', () => {
  it('are round on the clock, and none is outside', () => {
    expect(clock(timeTicks(at('08:03:12'), at('08:18:12'), 6, 0).ticks)).toEqual(['08:05:00', '08:10:00', '08:15:00']);
    expect(clock(timeTicks(at('08:00:00'), at('08:00:50'), 6, 0).ticks)).toEqual([
      '08:00:00',
      '08:00:10',
      '08:00:20',
      '08:00:30',
      '08:00:40',
      '08:00:50',
    ]);
    expect(clock(timeTicks(at('01:10:00'), at('22:50:00'), 8, 0).ticks)).toEqual([
      '03:00:00',
      '06:00:00',
      '09:00:00',
      '12:00:00',
      '15:00:00',
      '18:00:00',
      '21:00:00',
    ]);
  });

  it("are round on the reader's clock: days begin at midnight in Shanghai, hours are full in Delhi", () => {
    expect(clock(timeTicks(at('00:00:00') - 3 * DAY_MS, at('00:00:00'), 7, 480).ticks)).toEqual(
      Array.from({ length: 6 }, (_, index) => (index % 2 === 0 ? '04:00:00' : '16:00:00')),
    );
    expect(timeTicks(at('00:10:00'), at('01:10:00'), 2, 330).ticks.map((time) => (time / 60_000 + 330) % 30)).toEqual([0, 0]);
  });

  it('are the same distance apart and never too many, whatever the range', () => {
    fc.assert(
      fc.property(
        fc.nat(2e9),
        fc.nat(40 * DAY_MS),
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: -48, max: 56 }),
        (seconds, span, most, quarters) => {
          const from = seconds * 1000;
          const { ticks, stepMs } = timeTicks(from, from + span, most, quarters * 15);
          expect(ticks.length).toBeLessThanOrEqual(most);
          for (const [index, tick] of ticks.entries()) {
            expect(tick).toBeGreaterThanOrEqual(from);
            expect(tick).toBeLessThanOrEqual(from + span);
            if (index > 0) expect(tick - (ticks[index - 1] ?? 0)).toBe(stepMs);
          }
        },
      ),
    );
  });
});

describe('tickStyle', () => {
  it('has seconds on a short axis, and the date at midnight of a long one', () => {
    expect(tickStyle(at('08:00:10'), 10_000, 0)).toBe('seconds');
    expect(tickStyle(at('00:00:00'), 60_000, 0)).toBe('minutes');
    expect(tickStyle(at('16:00:00'), 6 * 3_600_000, 480)).toBe('date');
    expect(tickStyle(at('00:00:00'), 6 * 3_600_000, 480)).toBe('minutes');
  });
});

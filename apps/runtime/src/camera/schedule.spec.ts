import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSchedule } from './schedule.js';

describe('the schedule of a paced camera', () => {
  it('shows frame k at k / fps after the start', () => {
    const schedule = createSchedule(1000, 20);
    expect(schedule.dueAt(0)).toBe(1000);
    expect(schedule.dueAt(30)).toBe(2500);
    expect(schedule.dueBy(999)).toBe(0);
    expect(schedule.dueBy(1000)).toBe(1);
    expect(schedule.dueBy(1049)).toBe(1);
    expect(schedule.dueBy(1050)).toBe(2);
  });

  it('finds a frame due at its own due time, and shows each frame once however late it wakes', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 1000, noNaN: true }),
        fc.double({ min: 0, max: 1e7, noNaN: true }),
        fc.integer({ min: 0, max: 100_000 }),
        (fps, start, k) => {
          const schedule = createSchedule(start, fps);
          expect(schedule.dueBy(schedule.dueAt(k))).toBe(k + 1);
        },
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { minLength: 1, maxLength: 50 }), (sleeps) => {
        const schedule = createSchedule(0, 25);
        let now = 0;
        let shown = 0;
        for (const sleep of sleeps) {
          now += sleep;
          const due = schedule.dueBy(now);
          expect(due).toBeGreaterThanOrEqual(shown);
          shown = due;
        }
        expect(shown).toBe(Math.floor(now / 40 + 1e-6) + 1);
      }),
    );
  });
});

import { bucketOf } from '@takt/gates';
import { describe, expect, it } from 'vitest';
import { slotCountersSchema } from './heartbeat.js';

const counters = (serviceTime: readonly (readonly [number, number])[]): unknown => ({
  since: '2026-01-01T00:00:00Z',
  elapsedMs: 1,
  delivered: 1,
  dropped: 0,
  errors: 0,
  serviceTime,
});
const isTaken = (serviceTime: readonly (readonly [number, number])[]): boolean =>
  slotCountersSchema.safeParse(counters(serviceTime)).success;

describe('counters of a slot', () => {
  it('have every bucket that a service time falls into, and no other: a gate has a column for each', () => {
    const [lowest, highest] = [bucketOf(0), bucketOf(1e9)];
    const all = Array.from({ length: highest - lowest + 1 }, (_, index) => [lowest + index, 1] as const);
    expect(isTaken(all)).toBe(true);
    expect(isTaken([[lowest - 1, 1]])).toBe(false);
    expect(isTaken([[highest + 1, 1]])).toBe(false);
  });

  it('have each bucket once, ascending', () => {
    expect(
      isTaken([
        [1, 1],
        [2, 1],
      ]),
    ).toBe(true);
    expect(
      isTaken([
        [2, 1],
        [1, 1],
      ]),
    ).toBe(false);
    expect(
      isTaken([
        [1, 1],
        [1, 1],
      ]),
    ).toBe(false);
  });
});

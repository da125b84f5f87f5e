import type { RolloutCounts } from '@takt/contracts';
import { MemberBucket } from '@takt/rollout';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUCKET_ORDER, barParts, touched } from './buckets.js';

const countsOf = (given: Partial<RolloutCounts>): RolloutCounts => {
  const counts = Object.fromEntries(BUCKET_ORDER.map((bucket) => [bucket, given[bucket] ?? 0])) as Record<MemberBucket, number>;
  return { ...counts, total: Object.values(counts).reduce((sum, count) => sum + count, 0) };
};

describe('barParts', () => {
  it('has a place for every bucket of the machine', () => {
    expect([...BUCKET_ORDER].sort()).toEqual(Object.values(MemberBucket).sort());
  });

  it('leaves out empty buckets, and fills the bar with what is left', () => {
    expect(barParts(countsOf({}))).toEqual([]);
    fc.assert(
      fc.property(fc.record(Object.fromEntries(BUCKET_ORDER.map((bucket) => [bucket, fc.nat(5000)]))), (given) => {
        const parts = barParts(countsOf(given));
        for (const part of parts) expect(part.width).toBeGreaterThan(2);
        if (parts.length > 0) expect(parts.reduce((sum, part) => sum + part.width, 0)).toBeCloseTo(100);
      }),
    );
  });

  it('keeps one failed node of thousands in sight', () => {
    const parts = barParts(countsOf({ succeeded: 4999, failed: 1 }));
    expect(parts.map(({ bucket, count }) => [bucket, count])).toEqual([
      ['succeeded', 4999],
      ['failed', 1],
    ]);
    expect(parts[1]?.width).toBeGreaterThan(2.5);
  });
});

it('touched: what a rollback would take back', () => {
  expect(touched(countsOf({ succeeded: 3, working: 2, pending: 9, failed: 1 }))).toBe(5);
});

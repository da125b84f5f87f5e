import type { MemberBucket } from './rollout-state.js';
import type { RolloutMember } from './rollout-state.js';

export type BucketCounts = { readonly total: number } & Readonly<Record<MemberBucket, number>>;

/** How many nodes stand where; every node counts once, so the buckets add up to the total. Entries with a `count` stand for as many. */
export function countBuckets(members: readonly (Pick<RolloutMember, 'bucket'> & { readonly count?: number })[]): BucketCounts {
  const counts: { total: number } & Record<MemberBucket, number> = {
    total: 0,
    pending: 0,
    working: 0,
    offline: 0,
    deferred: 0,
    succeeded: 0,
    failed: 0,
    'rolled-back': 0,
    superseded: 0,
    excluded: 0,
  };
  for (const { bucket, count = 1 } of members) {
    counts[bucket] += count;
    counts.total += count;
  }
  return counts;
}

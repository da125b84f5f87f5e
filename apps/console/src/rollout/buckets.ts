import type { RolloutCounts } from '@takt/contracts';
import { MemberBucket } from '@takt/rollout';

/** Order in which buckets are drawn and listed: what is done, what moves, what waits, what went wrong, what takes no part. */
export const BUCKET_ORDER = [
  MemberBucket.succeeded,
  MemberBucket.working,
  MemberBucket.deferred,
  MemberBucket.offline,
  MemberBucket.pending,
  MemberBucket.failed,
  MemberBucket.rolledBack,
  MemberBucket.superseded,
  MemberBucket.excluded,
] as const satisfies readonly MemberBucket[];

export interface BarPart {
  readonly bucket: MemberBucket;
  readonly count: number;
  /** Of the bar, percent. */
  readonly width: number;
}

/** Parts of a stacked bar; empty buckets are left out, and no bucket with nodes is too thin to be seen. */
export function barParts(counts: RolloutCounts): BarPart[] {
  const present = BUCKET_ORDER.map((bucket) => ({ bucket, count: counts[bucket] })).filter(({ count }) => count > 0);
  const total = present.reduce((sum, { count }) => sum + count, 0);
  const least = total * 0.03;
  const drawn = present.reduce((sum, { count }) => sum + Math.max(count, least), 0);
  return present.map(({ bucket, count }) => ({ bucket, count, width: (100 * Math.max(count, least)) / drawn }));
}

/** Nodes that have the release or are on the way to it: what a rollback would touch. */
export const touched = (counts: RolloutCounts): number => counts.succeeded + counts.working;

import { HISTOGRAM_GROWTH } from '@takt/gates';
import type { GateDistribution } from '@takt/gates';

export type Group = GateDistribution['group'];
export const GROUPS = ['updated before', 'updated after', 'control before', 'control after'] as const satisfies readonly Group[];

/** Shares of all groups over one stretch of service time. */
export type OverlayRow = { readonly fromMs: number; readonly toMs: number } & Readonly<Partial<Record<Group, number>>>;

/** More steps than this tell nothing more. */
const MOST_STEPS = 48;
/** What is rarer than this at either end only makes the rest narrow. */
const TAIL = 0.002;

const indexOf = (ms: number): number => Math.round(Math.log(Math.max(ms, 1e-6)) / Math.log(HISTOGRAM_GROWTH));

/**
 * Lays the histograms of a gate over each other: the same logarithmic steps for all, neighbours merged until they fit, zero
 * where a group has nothing. The rare tails are put into the first and the last step. The last row repeats nothing: it closes
 * the shape at zero.
 */
export function overlay(distributions: readonly GateDistribution[]): OverlayRow[] {
  const shares = new Map<Group, Map<number, number>>();
  for (const { group, buckets } of distributions) {
    const steps = new Map<number, number>();
    for (const bucket of buckets) {
      const index = indexOf(bucket.fromMs);
      steps.set(index, (steps.get(index) ?? 0) + bucket.share);
    }
    if (steps.size > 0) shares.set(group, steps);
  }
  if (shares.size === 0) return [];
  const ends = [...shares.values()].map(endsOf);
  const [first, last] = [Math.min(...ends.map(([from]) => from)), Math.max(...ends.map(([, to]) => to))];
  const width = Math.max(1, Math.ceil((last - first + 1) / MOST_STEPS));
  const count = Math.ceil((last - first + 1) / width);
  const rows: OverlayRow[] = [];
  for (let step = 0; step < count; step += 1) {
    const from = first + step * width;
    const to = from + width;
    const row: Partial<Record<Group, number>> = {};
    for (const [group, steps] of shares) {
      let sum = 0;
      for (const [index, share] of steps) {
        const inside = (index >= from || step === 0) && (index < to || step === count - 1);
        if (inside) sum += share;
      }
      row[group] = sum;
    }
    rows.push({ fromMs: HISTOGRAM_GROWTH ** from, toMs: HISTOGRAM_GROWTH ** to, ...row });
  }
  const end = HISTOGRAM_GROWTH ** (first + count * width);
  rows.push({ fromMs: end, toMs: end, ...Object.fromEntries([...shares.keys()].map((group) => [group, 0])) });
  return rows;
}

/** First and last step of a histogram without its rare tails. */
function endsOf(steps: ReadonlyMap<number, number>): [from: number, to: number] {
  const sorted = [...steps].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, share]) => sum + share, 0);
  const edge = (list: readonly (readonly [number, number])[]): number => {
    let seen = 0;
    for (const [index, share] of list) {
      seen += share;
      if (seen > TAIL * total) return index;
    }
    return list[0]?.[0] ?? 0;
  };
  return [edge(sorted), edge(sorted.toReversed())];
}

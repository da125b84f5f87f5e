/**
 * Service times in logarithmic buckets: bucket `i` holds times in [GROWTH^i, GROWTH^(i+1)) ms, so a quantile is known to
 * within 2.5 % whatever its size (as DDSketch does: Masson et al., VLDB 2019). Counts only grow, so that whoever has two
 * readings has the distribution between them, and a lost reading loses nothing.
 */
export const HISTOGRAM_GROWTH = 1.05;
/** Bucket numbers lie between these, both included. */
export const HISTOGRAM_BUCKETS = { lowest: -60, highest: 240 } as const;

const { lowest, highest } = HISTOGRAM_BUCKETS;

/** Pairs of bucket number and count, ascending by bucket; buckets without a count are left out. */
export type Histogram = readonly (readonly [bucket: number, count: number])[];

/** Bucket of a service time in ms; what is below 0.05 ms or above two minutes joins the outermost ones. */
export const bucketOf = (ms: number): number =>
  ms <= 0 ? lowest : Math.min(highest, Math.max(lowest, Math.floor(Math.log(ms) / Math.log(HISTOGRAM_GROWTH))));

/** Lower edge of a bucket, ms. */
export const edgeOf = (bucket: number): number => HISTOGRAM_GROWTH ** bucket;

export const framesIn = (histogram: Histogram): number => histogram.reduce((sum, [, count]) => sum + count, 0);

/** What was counted between two readings of the same counters. Undefined where the later one is not a continuation. */
export function histogramBetween(earlier: Histogram, later: Histogram): Histogram | undefined {
  const before = new Map(earlier);
  const difference: [number, number][] = [];
  for (const [bucket, count] of later) {
    const grown = count - (before.get(bucket) ?? 0);
    before.delete(bucket);
    if (grown < 0) return undefined;
    if (grown > 0) difference.push([bucket, grown]);
  }
  return [...before.values()].some((count) => count > 0) ? undefined : difference;
}

/** Sum of several, each with a weight. */
export function mergeHistograms(parts: readonly { readonly histogram: Histogram; readonly weight: number }[]): Histogram {
  const sums = new Map<number, number>();
  for (const { histogram, weight } of parts) {
    if (weight === 0) continue;
    for (const [bucket, count] of histogram) sums.set(bucket, (sums.get(bucket) ?? 0) + count * weight);
  }
  return [...sums].sort(([a], [b]) => a - b);
}

/** Quantile in ms, interpolated geometrically inside its bucket; null where nothing was counted. `p` is a fraction 0–1. */
export function histogramQuantile(histogram: Histogram, p: number): number | null {
  const total = framesIn(histogram);
  if (total === 0) return null;
  const wanted = p * total;
  let seen = 0;
  for (const [bucket, count] of histogram) {
    if (seen + count >= wanted) return edgeOf(bucket + Math.max(0, wanted - seen) / count);
    seen += count;
  }
  const last = histogram[histogram.length - 1];
  return last === undefined ? null : edgeOf(last[0] + 1);
}

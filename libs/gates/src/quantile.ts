import type { ServiceTime } from './health-policy.js';

/**
 * Quantile of an ascending array by linear interpolation between order statistics: definition 7 of Hyndman and Fan (1996),
 * the default of NumPy and R. `p` is a fraction 0–1.
 *
 * @throws RangeError on an empty array or a `p` outside 0–1.
 */
export function quantileOfSorted(sorted: readonly number[] | Float64Array, p: number): number {
  if (sorted.length === 0) throw new RangeError('a quantile needs at least one value');
  if (!(p >= 0 && p <= 1)) throw new RangeError(`quantile ${String(p)} is outside 0–1`);
  const position = (sorted.length - 1) * p;
  const below = Math.floor(position);
  const low = sorted[below] ?? 0;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? low;
  return low + (high - low) * (position - below);
}

/** As {@link quantileOfSorted}, of values in any order. */
export const quantile = (values: readonly number[], p: number): number => quantileOfSorted(Float64Array.from(values).sort(), p);

/** Distribution of service times in ms; null where there is none. */
export function summarize(values: readonly number[]): ServiceTime | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return {
    frames: sorted.length,
    p50Ms: quantileOfSorted(sorted, 0.5),
    p95Ms: quantileOfSorted(sorted, 0.95),
    p99Ms: quantileOfSorted(sorted, 0.99),
  };
}

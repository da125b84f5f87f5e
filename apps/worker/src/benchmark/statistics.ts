/** Value below which `fraction` of the sorted values lie, by linear interpolation between neighbours. NaN for no values. */
export function percentile(sorted: readonly number[], fraction: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = fraction * (sorted.length - 1);
  const lower = sorted[Math.floor(position)] as number;
  const upper = sorted[Math.ceil(position)] as number;
  return lower + (upper - lower) * (position - Math.floor(position));
}

export const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/**
 * Orders of visit, one per round, each starting one later than the round before: whatever a position in a round costs or
 * gains is spread over all.
 */
export function* rotations<T>(items: readonly T[], rounds: number): Generator<readonly T[]> {
  for (let round = 0; round < rounds; round += 1) {
    const start = items.length === 0 ? 0 : round % items.length;
    yield [...items.slice(start), ...items.slice(0, start)];
  }
}

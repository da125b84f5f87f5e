import type { GateDistribution } from '@takt/gates';

/** A quantile of one group's service times, as a vertical line. */
export interface QuantileMark {
  readonly group: GateDistribution['group'];
  readonly quantile: 'p50' | 'p95';
  readonly ms: number;
  /** Where its text has room: away from the nearer edge of the chart. */
  readonly textAt: 'left' | 'right';
}

/** What p50 and p95 of each group are, where the chart shows them; its axis is logarithmic. */
export function quantileMarks(
  distributions: readonly Pick<GateDistribution, 'group' | 'p50Ms' | 'p95Ms'>[],
  firstMs: number,
  lastMs: number,
): QuantileMark[] {
  const middle = Math.sqrt(firstMs * lastMs);
  return distributions.flatMap(({ group, p50Ms, p95Ms }) =>
    (
      [
        ['p50', p50Ms],
        ['p95', p95Ms],
      ] as const
    ).flatMap(([quantile, ms]) =>
      ms === null || ms < firstMs || ms > lastMs
        ? []
        : [{ group, quantile, ms, textAt: ms > middle ? ('left' as const) : ('right' as const) }],
    ),
  );
}

import type { GateFinding } from '@takt/gates';

/** Where the marks of one finding stand on its axis, in percent of its width. */
export interface FindingAxis {
  readonly zero: number;
  readonly bound: number;
  readonly measured: number | null;
  readonly interval: { readonly from: number; readonly to: number } | null;
  /** The side of the bound on which it is kept. */
  readonly allowed: { readonly from: number; readonly to: number };
  readonly low: number;
  readonly high: number;
}

/** Codes whose bound is the least that is needed; every other bound is the most that is allowed. */
const AT_LEAST: readonly string[] = ['NodesMeasured'];
export const isAtLeast = (finding: Pick<GateFinding, 'code'>): boolean => AT_LEAST.includes(finding.code);

/** Keeps every value of the finding, zero and the bound inside the axis, with room at both ends. */
export function findingAxis(finding: GateFinding): FindingAxis {
  const values = [0, finding.bound, finding.measured, finding.lower, finding.upper].filter((value) => value !== null);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = Math.max((most - least) * 0.12, finding.unit === 'nodes' ? 0.5 : 0.005);
  const low = least < 0 || finding.unit === 'fraction' ? least - room : 0;
  const high = most + room;
  const at = (value: number): number => (100 * (value - low)) / (high - low);
  const bound = at(finding.bound);
  return {
    zero: at(0),
    bound,
    measured: finding.measured === null ? null : at(finding.measured),
    interval: finding.lower === null || finding.upper === null ? null : { from: at(finding.lower), to: at(finding.upper) },
    allowed: isAtLeast(finding) ? { from: bound, to: 100 } : { from: 0, to: bound },
    low,
    high,
  };
}

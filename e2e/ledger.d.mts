export interface Ledger {
  /** Number of cases by matrix. */
  readonly cases: ReadonlyMap<string, number>;
  /** `matrix: case` of what has passed. */
  readonly passed: ReadonlySet<string>;
}

export function readLedger(file: string): Ledger;

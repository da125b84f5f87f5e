import { cpus, totalmem } from 'node:os';

export interface BenchRow {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** Null where the figure is a yardstick beside another. */
  readonly target: number | null;
  readonly met: boolean | null;
}

/** The machine in words, as it stands beside every figure. */
export function describeHost(): string {
  const all = cpus();
  return `${String(all.length)} × ${all[0]?.model.trim() ?? 'unknown CPU'}, ${String(Math.round(totalmem() / 2 ** 30))} GB`;
}

/** The one line every benchmark ends with. */
export function resultLine(bench: string, versions: Readonly<Record<string, string>>, rows: readonly BenchRow[]): string {
  return JSON.stringify({ bench, host: describeHost(), versions: { node: process.versions.node, ...versions }, rows });
}

/** The upper median; NaN of none. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

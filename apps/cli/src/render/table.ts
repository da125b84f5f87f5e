import Table from 'cli-table3';
import { oneLine } from '../output/one-line.js';
import type { Style } from '../output/style.js';

export interface Column<T> {
  /** Heading, with the unit: `p50 (ms)`. */
  readonly heading: string;
  readonly value: (row: T) => string;
  readonly align?: 'right';
}

const NO_LINES = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'])
    .map((name) => [name, '']),
);

/** Columns two spaces apart, without rules or trailing blanks: the same on a terminal and in a pipe. */
export function renderTable<T>(columns: readonly Column<T>[], rows: readonly T[], style: Style): string {
  const table = new Table({
    chars: { ...NO_LINES, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    head: columns.map((column) => style.bold(column.heading)),
    colAligns: columns.map((column) => column.align ?? 'left'),
  });
  table.push(...rows.map((row) => columns.map((column) => oneLine(column.value(row)))));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** `name  value` pairs, names aligned, one line each. */
export function renderPairs(pairs: readonly (readonly [name: string, value: string])[], style: Style): string {
  const width = Math.max(0, ...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => oneLine(`${style.dim(name.padEnd(width))}  ${value}`).trimEnd()).join('\n');
}

/** One thing that the demo showed. */
export interface SummaryRow {
  readonly what: string;
  /** Which loop acted; `–` where none had to. */
  readonly actedBy: string;
  /** What `seconds` counts from and to is said in the README. */
  readonly seconds: number | null;
  /** FPS that the engine can serve, before and after. */
  readonly fpsBefore: number | null;
  readonly fpsAfter: number | null;
  /** The rollout whose explanation says more. */
  readonly rollout: string;
}

/** Widest line of the summary, so that no terminal breaks it. */
export const MAX_COLUMNS = 100;

const HEAD = ['what happened', 'acted', 'seconds', 'FPS before → after', 'npx takt explain rollout'];
const fps = (value: number | null): string => (value === null ? '–' : value.toFixed(1));
const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);

/** The table at the end. The first column gives way where the others need the room; a name to be typed is never cut. */
export function summaryText(rows: readonly SummaryRow[]): string {
  const cells = rows.map((row) => [
    row.what,
    row.actedBy,
    row.seconds === null ? '–' : row.seconds.toFixed(1),
    `${fps(row.fpsBefore)} → ${fps(row.fpsAfter)}`,
    row.rollout,
  ]);
  const widths = HEAD.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const others = widths.slice(1).reduce((sum, width) => sum + width + 2, 2);
  widths[0] = Math.max(12, Math.min(widths[0] ?? 0, MAX_COLUMNS - others));
  const line = (row: readonly string[]): string =>
    `  ${row.map((cell, column) => cut(cell, widths[column] ?? 0).padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
  return [line(HEAD), `  ${widths.map((width) => '─'.repeat(width)).join('  ')}`, ...cells.map(line)].join('\n');
}

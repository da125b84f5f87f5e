import { printable } from '@takt/kernel';

/** Colour and weight of text; plain functions where the reader is not a terminal. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
}

const same = (text: string): string => text;
export const plainStyle: Style = { bold: same, dim: same, good: same, bad: same, warn: same };

/**
 * Colour whose escape sequences carry a mark, so that the output can tell takt's own sequences from those in a text that comes from
 * elsewhere. The mark is a parameter that terminals do not know; {@link toTerminal} takes it out.
 *
 * @param mark number that no text from elsewhere can know
 */
export function markedStyle(mark: number): Style {
  const sgr =
    (open: number, close: number) =>
    (text: string): string =>
      text === '' ? '' : `\u001B[${String(mark)};${String(open)}m${text}\u001B[${String(mark)};${String(close)}m`;
  return { bold: sgr(1, 22), dim: sgr(2, 22), good: sgr(32, 39), bad: sgr(31, 39), warn: sgr(33, 39) };
}

/** What a terminal is given: takt's own colours, and everything else {@link printable}. */
export const toTerminal = (text: string, mark: number): string =>
  text
    .split(new RegExp(`\u001B\\[${String(mark)};(\\d+)m`))
    // Every second piece is the number of a colour.
    .map((piece, index) => (index % 2 === 0 ? printable(piece) : `\u001B[${piece}m`))
    .join('');

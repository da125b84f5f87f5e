/** A decimal number out of tool output: a comma may stand for the point, a unit may follow. Null where there is none. */
export function decimal(text: string | undefined): number | null {
  const match = /-?\d+(?:[.,]\d+)?/.exec(text ?? '');
  if (match === null) return null;
  return Number(match[0].replace(',', '.'));
}

/** A whole number out of tool output, null where there is none. */
export function whole(text: string | undefined): number | null {
  const match = /^\s*(\d+)/.exec(text ?? '');
  return match === null ? null : Number(match[1]);
}

/** Runs of blanks become one, ends are trimmed. */
export const squeeze = (text: string): string => text.replace(/\s+/g, ' ').trim();

export const words = (text: string | undefined): string[] => (text ?? '').split(/\s+/).filter((word) => word !== '');

import { printable } from '@takt/kernel';

const REPLACEMENT = '\u{fffd}';
/** NUL characters and halves of surrogate pairs: JSON has them, PostgreSQL refuses them. */
const UNSTORABLE = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const DEEPEST = 64;
/** Characters of one text; lists show hundreds of them. */
const MAX_TEXT_LENGTH = 16_384;
const FIRST_YEAR = 1970;
const LAST_YEAR = 9999;

/**
 * Text as the database takes it and a terminal may show it: what a terminal would obey is written as `\u{1b}`, and the end of a text
 * of more than 16,384 characters is left out.
 */
export const storableText = (text: string): string =>
  printable((text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}…` : text).replace(UNSTORABLE, REPLACEMENT));

/** A JSON value as the database takes it; null for one that is nested deeper than anything a node has to say. */
export const storableJson = (value: unknown): unknown => (depthOf(value) > DEEPEST ? null : clean(value));

/** Whether the database takes the time; that of a node with a wrong clock may lie outside. */
export const isStorableTime = (at: string): boolean => {
  const year = new Date(at).getUTCFullYear();
  return year >= FIRST_YEAR && year <= LAST_YEAR;
};

/** A node's time in ms as the database takes it, or `now` where it does not. */
export const storableTime = (at: string, now: Date): string => (isStorableTime(at) ? new Date(at) : now).toISOString();

function depthOf(value: unknown): number {
  let depth = 0;
  for (let level: unknown[] = [value]; level.length > 0 && depth <= DEEPEST; depth += 1) {
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return depth;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [storableText(key), clean(inner)]));
}

import { escapedCharacter } from './plain-text.js';

/** Longest piece without a space that is shown whole, in characters; names in real models have up to about 100. */
const MOST_WORD = 160;
const KEPT_START = 96;
const KEPT_END = 32;
/** Longest text that is shown whole, in characters. */
const MOST_TEXT = 1200;

/**
 * Control characters, line and paragraph separators, marks that turn the direction of text, and halves of surrogate pairs: what a
 * terminal would obey instead of showing.
 */
const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** Cuts the middle out; the number of characters left out stands in its place. */
function shorten(text: string, most: number, start: number, end: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, start)}…(${String(text.length - start - end)} more)…${text.slice(text.length - end)}`;
}

/**
 * Text from a file nobody vouches for, fit for a message or a terminal: no control characters, no name of a megabyte. Ordinary text
 * comes back as it is. Linear in the length of the text.
 */
export function legible(text: string): string {
  // Before anything is replaced: a megabyte of control characters would become six.
  const bounded = shorten(
    text.replace(/\S+/g, (word) => shorten(word, MOST_WORD, KEPT_START, KEPT_END)),
    MOST_TEXT,
    MOST_TEXT - 200,
    200,
  );
  return shorten(bounded.replace(HIDDEN, escapedCharacter), 2 * MOST_TEXT, MOST_TEXT, 200);
}

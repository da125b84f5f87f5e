/** What a terminal obeys, and what turns the direction of the text after it, as the inside of a character class. */
const OBEYED = String.raw`\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069`;

const NOT_IN_A_LINE = new RegExp(`[${OBEYED}]`, 'u');
const NOT_IN_LINES = new RegExp(`(?![\\n\\t])[${OBEYED}]`, 'u');
const NOT_PRINTED = new RegExp(`(?![\\n\\t])[${OBEYED}]`, 'gu');
const NOT_PRINTED_ON_A_LINE = new RegExp(`[${OBEYED}]`, 'gu');

/** `\u{1b}`: a character by its number. */
export const escapedCharacter = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/**
 * Whether a name or another text of one line may hold this: no control character (NUL, line ends and escape sequences among them), no
 * half of a surrogate pair, no mark that turns the direction of text.
 */
export const isPlainLine = (text: string): boolean => !NOT_IN_A_LINE.test(text);

/** The same for a text of several lines: line feeds and tabs are allowed. */
export const isPlainText = (text: string): boolean => !NOT_IN_LINES.test(text);

/**
 * Text from anywhere, fit for a terminal: what {@link isPlainText} refuses is shown as `\u{1b}` instead of obeyed. Ordinary text comes
 * back as it is, and so does text that is printable already.
 */
export const printable = (text: string): string => text.replace(NOT_PRINTED, escapedCharacter);

/** The same for a place that holds one line: line feeds and tabs are shown too. */
export const printableLine = (text: string): string => text.replace(NOT_PRINTED_ON_A_LINE, escapedCharacter);

/** A JSON document, fit for a terminal: the same value, with what JSON lets through raw (DEL, C1, bidi marks) written as `\u009b`. */
export const printableJson = (json: string): string =>
  json.replace(NOT_PRINTED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

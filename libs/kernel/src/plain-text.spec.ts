import { describe, expect, it } from 'vitest';
import { isPlainLine, isPlainText, printable, printableJson, printableLine } from './plain-text.js';

const HOSTILE = [
  ['NUL', '\0'],
  ['an escape sequence', '\u001b[2J'],
  ['a link of OSC 8', '\u001b]8;;http://evil\u0007text\u001b]8;;\u0007'],
  ['a carriage return', '\r'],
  ['DEL', '\u007f'],
  ['the CSI of C1', '\u009b31m'],
  ['an override of direction', '\u202e'],
  ['an isolate of direction', '\u2066'],
  ['a right-to-left mark', '\u200f'],
  ['a line separator', '\u2028'],
  ['half a surrogate pair', '\ud800'],
  ['the other half', '\udc00'],
] as const;
const ORDINARY = ['', 'strip-1', 'Größe 1×3×320×320 → 検出器 🦀', '👩‍🔧', 'خط‌تولید', 'a \\u{1b} b', 'naïve — “quoted”'];
const RAW = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

describe('plain text', () => {
  it.each(HOSTILE)('has no %s', (_, text) => {
    expect(isPlainLine(`a${text}b`)).toBe(false);
    expect(isPlainText(`a${text}b`)).toBe(false);
  });

  it.each(ORDINARY)('may be %j', (text) => {
    expect(isPlainLine(text)).toBe(true);
    expect(isPlainText(text)).toBe(true);
  });

  it('has line feeds and tabs only where there are several lines', () => {
    expect(isPlainText('a\n\tb')).toBe(true);
    expect(isPlainLine('a\nb')).toBe(false);
    expect(isPlainLine('a\tb')).toBe(false);
  });
});

describe('printable', () => {
  it.each(HOSTILE)('shows %s instead of obeying it', (_, text) => {
    expect(printable(`a${text}b`)).not.toMatch(RAW);
    expect(printableLine(`a${text}\nb`)).not.toMatch(/[\n]|[^\P{Cc}]/u);
    expect(printable(`a${text}b`)).toContain('\\u{');
  });

  it.each([...ORDINARY, 'a\n\tb'])('leaves %j as it is, and what it made as it is', (text) => {
    expect(printable(text)).toBe(text);
    const once = printable(`${text}\u001b[0m`);
    expect(printable(once)).toBe(once);
  });

  it('names the character', () => {
    expect(printable('a\u001b[2Jb\u009bc\ud800')).toBe('a\\u{1b}[2Jb\\u{9b}c\\u{d800}');
    expect(printableLine('a\nb')).toBe('a\\u{a}b');
  });
});

describe('printableJson', () => {
  it.each(HOSTILE)('keeps the value and lets no %s through', (_, text) => {
    const value = { [`key${text}`]: [`a${text}b`, 'Größe 🦀'] };
    const json = printableJson(JSON.stringify(value, null, 2));
    expect(json).not.toMatch(RAW);
    expect(JSON.parse(json)).toEqual(value);
  });
});

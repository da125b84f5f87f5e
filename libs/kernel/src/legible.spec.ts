import { describe, expect, it } from 'vitest';
import { legible } from './legible.js';

describe('legible', () => {
  it.each(['', 'node /model.24/m.0/Conv reads "x"', 'Größe 1×3×320×320 → 検出器 🦀'])('leaves ordinary text as it is: %s', (text) => {
    expect(legible(text)).toBe(text);
  });

  it.each([
    ['an escape sequence', 'a\u001b[2Jb', 'a\\u{1b}[2Jb'],
    ['a new line', 'a\nb', 'a\\u{a}b'],
    ['text turned around', 'a\u202eb', 'a\\u{202e}b'],
    ['half a surrogate pair', 'a\ud800b', 'a\\u{d800}b'],
  ])('shows %s instead of obeying it', (_, text, shown) => {
    expect(legible(text)).toBe(shown);
  });

  it('cuts the middle out of a name of a megabyte and keeps what is around it', () => {
    const text = legible(`value "${'x'.repeat(1_000_000)}" is made twice`);
    expect(text.length).toBeLessThan(200);
    expect(text).toMatch(/^value "x+…\(999\d+ more\)…x+" is made twice$/);
  });

  it('is short whatever it is given', () => {
    for (const text of ['\u0000'.repeat(1_000_000), 'a '.repeat(500_000), '\u202e a'.repeat(100_000)])
      expect(legible(text).length).toBeLessThan(2_500);
  });
});

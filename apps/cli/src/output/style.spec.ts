import { describe, expect, it } from 'vitest';
import { markedStyle, plainStyle, toTerminal } from './style.js';

const MARK = 7_216_003;
const style = markedStyle(MARK);

describe('what a terminal is given', () => {
  it("has takt's own colours", () => {
    expect(toTerminal(`a ${style.bad('b')} ${style.bold(style.good('c'))}`, MARK)).toBe(
      'a \u001B[31mb\u001B[39m \u001B[1m\u001B[32mc\u001B[39m\u001B[22m',
    );
  });

  it('has no colour, link or cursor movement of a text from elsewhere, inside a colour too', () => {
    const hostile = '\u001B[32mok\u001B[0m \u001B]8;;http://x\u0007y \u009B2J \u202Ez \u001B[1;31m';
    for (const text of [hostile, style.bad(hostile), plainStyle.bad(hostile)]) {
      const shown = toTerminal(text, MARK);
      expect(shown.replaceAll('\u001B[31m', '').replaceAll('\u001B[39m', '')).not.toMatch(/[\p{Cc}\u202E]/u);
      expect(shown).toContain('\\u{1b}[32mok');
    }
  });
});

import { describe, expect, it } from 'vitest';
import { createOutput } from './terminal-output.js';

const HOSTILE = 'a\u001B[31mb\u001B]8;;http://x\u0007c\u009B2Jd\u202Ee\rf\ud800g';
const RAW = /(?!\n)[\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]/u;
const OWN = /\r?\u001B\[(?:\d+m|2K)/g;

const capture = (isTTY: boolean): { output: ReturnType<typeof createOutput>; text: { out: string; err: string } } => {
  const text = { out: '', err: '' };
  const stream = (to: 'out' | 'err'): { write: (more: string) => void; isTTY: boolean; columns: number } => ({
    write: (more) => void (text[to] += more),
    isTTY,
    columns: 200,
  });
  return { output: createOutput(stream('out'), stream('err'), true), text };
};

describe.each([true, false])('output, terminal: %s', (isTTY) => {
  it('shows control characters and keeps its own colours', () => {
    const { output, text } = capture(isTTY);
    output.line(`${output.style.bad(HOSTILE)} ${HOSTILE}\nnext`);
    output.note(`${output.noteStyle.bold(HOSTILE)} ${HOSTILE}\n\tnext`);
    expect(text.err.split('\n')).toHaveLength(2);
    output.progress.show({ label: HOSTILE, done: 1, total: 2, etaSeconds: 1, message: `${HOSTILE}\nnext` });
    output.progress.clear();
    for (const written of [text.out, text.err]) {
      expect(written.replace(OWN, '')).not.toMatch(RAW);
      expect(written).toContain('a\\u{1b}[31mb\\u{1b}]8;;http://x\\u{7}c\\u{9b}2Jd\\u{202e}e\\u{d}f');
    }
    expect(text.out.includes('\u001B[31m')).toBe(isTTY);
    expect(text.out.split('\n')).toHaveLength(3);
  });

  it.each(['indented', 'line'] as const)('prints JSON (%s) that is the value, without a raw control character', (layout) => {
    const { output, text } = capture(isTTY);
    output.json({ [HOSTILE]: [HOSTILE] }, layout);
    expect(text.out).not.toMatch(RAW);
    expect(JSON.parse(text.out)).toEqual({ [HOSTILE]: [HOSTILE] });
    expect(text.out.split('\n').length > 2).toBe(layout === 'indented');
  });
});

import { TaktError } from '@takt/kernel';
import { describe, expect, it } from 'vitest';
import { reportError } from './report-error.js';
import { plainStyle } from './style.js';

const report = (thrown: unknown, debug = false): { code: number; text: string } => {
  const lines: string[] = [];
  const code = reportError(thrown, { note: (text) => lines.push(text), notes: (text) => lines.push(text), noteStyle: plainStyle }, debug);
  return { code, text: lines.join('\n') };
};

describe('reportError', () => {
  it('shows message, code and next step', () => {
    const error = new TaktError({ code: 'NodeUnknown', message: 'there is no node x', action: 'see takt nodes' });
    expect(report(error)).toEqual({ code: 1, text: '✗ there is no node x\ncode: NodeUnknown\nNext: see takt nodes' });
  });

  it('never shows a stack trace unless asked', () => {
    const error = new Error('broken', { cause: new Error('deeper') });
    expect(report(error).text).toBe('✗ broken\ncode: CliFailed\nNext: run it again with TAKT_DEBUG=1 and report what it prints');
    expect(report(error, true).text).toMatch(/report-error\.spec[^]*caused by [^]*deeper/);
  });
});

import { describe, expect, it } from 'vitest';
import type { SummaryRow } from './summary.js';
import { MAX_COLUMNS, summaryText } from './summary.js';

const row = (change: Partial<SummaryRow> = {}): SummaryRow => ({
  what: 'north-1 serves "optimised"',
  actedBy: '–',
  seconds: null,
  fpsBefore: 9.25,
  fpsAfter: 21.04,
  rollout: 'optimised-1',
  ...change,
});

describe('the summary of the demo', () => {
  it('has one line for each thing that happened', () => {
    const lines = summaryText([row(), row({ actedBy: 'local loop', seconds: 4.23, fpsAfter: null })]).split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[2]).toMatch(/north-1 serves "optimised" +– +– +9.3 → 21.0 +optimised-1/);
    expect(lines[3]).toMatch(/local loop +4.2 +9.3 → –/);
  });

  it('stays within 100 columns and never cuts the name of a rollout', () => {
    const rollout = 'library-default-int8-12';
    const text = summaryText([
      row({ what: 'x'.repeat(200), actedBy: 'fleet loop', seconds: 123.4, fpsBefore: 1234.5, fpsAfter: 1234.5, rollout }),
    ]);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(MAX_COLUMNS);
    expect(text).toContain(rollout);
  });
});

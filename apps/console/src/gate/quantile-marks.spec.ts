import { describe, expect, it } from 'vitest';
import { quantileMarks } from './quantile-marks.js';

describe('quantileMarks', () => {
  it('marks p50 and p95 of each group, with the text towards the middle', () => {
    expect(
      quantileMarks(
        [
          { group: 'updated before', p50Ms: 2, p95Ms: 50 },
          { group: 'updated after', p50Ms: 9, p95Ms: 11 },
        ],
        1,
        100,
      ),
    ).toEqual([
      { group: 'updated before', quantile: 'p50', ms: 2, textAt: 'right' },
      { group: 'updated before', quantile: 'p95', ms: 50, textAt: 'left' },
      { group: 'updated after', quantile: 'p50', ms: 9, textAt: 'right' },
      { group: 'updated after', quantile: 'p95', ms: 11, textAt: 'left' },
    ]);
  });

  it('leaves out what was not measured or is not in the chart', () => {
    expect(quantileMarks([{ group: 'control after', p50Ms: null, p95Ms: 101 }], 1, 100)).toEqual([]);
  });
});

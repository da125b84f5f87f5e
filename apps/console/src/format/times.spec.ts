import { describe, expect, it } from 'vitest';
import { relativeTime } from './times.js';

const NOW = Date.UTC(2026, 10, 25, 12);

describe('relativeTime', () => {
  it.each([
    [0, 'now'],
    [4, 'now'],
    [7, '5 sec ago'],
    [59, '55 sec ago'],
    [61, '1 min ago'],
    [3_599, '59 min ago'],
    [7_300, '2 hr ago'],
    [86_400, 'yesterday'],
    [86_400 * 12, '12 days ago'],
  ])('%i seconds: %s', (seconds, wanted) => {
    expect(
      relativeTime(NOW - seconds * 1000, NOW, 'en-GB')
        .replace(/\bsecs?\b/, 'sec')
        .replace(/\bmins?\b/, 'min'),
    ).toBe(wanted);
  });

  it('speaks Chinese', () => {
    expect(relativeTime(NOW - 180_000, NOW, 'zh-CN')).toBe('3分钟前');
  });
});

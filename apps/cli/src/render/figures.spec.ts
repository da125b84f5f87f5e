import { describe, expect, it } from 'vitest';
import { formatAgo, formatBytes, formatDuration, formatMap, formatMs } from './figures.js';

describe('figures', () => {
  it.each([
    [0, '0 ms'],
    [0.0004, '0 ms'],
    [0.85, '850 ms'],
    [1.25, '1.3 s'],
    [9.94, '9.9 s'],
    [10, '10 s'],
    [59.4, '59 s'],
    [59.6, '1 min'],
    [200, '3 min 20 s'],
    [3600, '1 h'],
    [7500, '2 h 5 min'],
    [90_061, '1 d 1 h'],
    [86_405, '1 d'],
  ])('says %d s as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it.each([
    [null, '–'],
    [undefined, '–'],
    [4.256, '4.26'],
    [12.34, '12.3'],
  ])('says %s ms as %s', (value, text) => {
    expect(formatMs(value)).toBe(text);
  });

  it('has no figure where COCO has nothing to measure', () => {
    expect([formatMap(-1), formatMap(null), formatMap(0), formatMap(0.91234)]).toEqual(['–', '–', '0.0000', '0.9123']);
  });

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [7_340_032, '7.0 MiB'],
    [5 * 1024 ** 4, '5.0 TiB'],
    [5000 * 1024 ** 4, '5000.0 TiB'],
  ])('says %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [null, 'never'],
    ['2026-11-23T10:00:00.000Z', 'now'],
    ['2026-11-23T09:59:57.000Z', '3 s ago'],
    ['2026-11-23T09:58:00.000Z', '2 min ago'],
    ['2026-11-23T07:00:00.000Z', '3 h ago'],
    ['2026-11-20T10:00:00.000Z', '3 d ago'],
    ['2026-11-23T10:05:00.000Z', 'now'],
  ])('says how long ago %s was: %s', (at, text) => {
    expect(formatAgo(at, Date.parse('2026-11-23T10:00:00.500Z'))).toBe(text);
  });
});

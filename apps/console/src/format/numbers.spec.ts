import { describe, expect, it } from 'vitest';
import { formatAccuracy, formatBytes, formatChange, formatFps, formatLoss, formatMs, formatPercent, formatSeconds } from './numbers.js';

describe('numbers', () => {
  it.each([
    [formatFps(19.94), '19.9'],
    [formatFps(120.4), '120'],
    [formatFps(null), '–'],
    [formatFps(Number.NaN), '–'],
    [formatMs(0.843), '0.84'],
    [formatMs(8.14), '8.1'],
    [formatMs(120.7), '121'],
    [formatPercent(0.125), '12.5 %'],
    [formatPercent(-0.02, 0), '−2 %'],
    [formatChange(0.041), '+4.1 %'],
    [formatChange(-0.28), '−28.0 %'],
    [formatChange(0), '0.0 %'],
    [formatAccuracy(0.728), '72.8'],
    [formatLoss(0.2), '−0.20'],
    [formatLoss(-0.1), '+0.10'],
    [formatLoss(0.001), '0.00'],
    [formatBytes(512), '512 B'],
    [formatBytes(7_600_000), '7.2 MiB'],
    [formatSeconds(45), '45 s'],
    [formatSeconds(600), '10 min'],
    [formatSeconds(7_500), '2 h 5 min'],
    [formatSeconds(7_200), '2 h'],
  ])('%s is %s', (text, wanted) => {
    expect(text).toBe(wanted);
  });
});

import { describe, expect, it } from 'vitest';
import { cameraRate, requiredFps } from './camera-rate.js';

describe('cameraRate', () => {
  it('keeps all lines together below six tenths of the host', () => {
    const rate = cameraRate(40, 2, 3);
    expect(rate).toBe(6);
    expect((rate * 3 * 40) / 1000 / 2).toBeLessThanOrEqual(0.6);
  });

  it('stays between 4 and 20 frames per second', () => {
    expect(cameraRate(2000, 2, 3)).toBe(4);
    expect(cameraRate(1, 64, 3)).toBe(20);
  });

  it('requires nineteen of twenty frames', () => {
    expect(requiredFps(20)).toBe(19);
  });
});

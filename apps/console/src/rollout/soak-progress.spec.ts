import { describe, expect, it } from 'vitest';
import { soakProgress } from './soak-progress.js';

const policy = { soakSeconds: 600, maxSoakSeconds: 3600 };
const wave = { step: 'soaking', soakingSince: '2026-11-25T08:00:00.000Z' } as const;
const at = (seconds: number): number => Date.parse(wave.soakingSince) + seconds * 1000;

describe('soakProgress', () => {
  it('counts to the soak, and past it to the longest one', () => {
    expect(soakProgress(wave, policy, at(150))).toEqual({ share: 0.25, elapsedSeconds: 150, ofSeconds: 600, overtime: false });
    expect(soakProgress(wave, policy, at(900))).toEqual({ share: 0.25, elapsedSeconds: 900, ofSeconds: 3600, overtime: true });
  });

  it('stays within its bounds whatever the clocks say', () => {
    expect(soakProgress(wave, policy, at(-5))?.share).toBe(0);
    expect(soakProgress(wave, policy, at(9000))).toMatchObject({ share: 1, elapsedSeconds: 3600 });
  });

  it('is none of a wave that does not soak', () => {
    expect(soakProgress({ step: 'moving', soakingSince: null }, policy, at(1))).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { tinyDetector } from '../tiny-detector.js';
import { HOSTILE_KINDS, hostileModel } from './hostile-model.js';

const base = tinyDetector({ size: 32, width: 2 });

describe('hostileModel', () => {
  it('knows many kinds, each by a name of its own, and goes through all of them', () => {
    expect(HOSTILE_KINDS.length).toBeGreaterThan(60);
    expect(new Set(HOSTILE_KINDS).size).toBe(HOSTILE_KINDS.length);
    const kinds = new Set(HOSTILE_KINDS.map((_, seed) => hostileModel(base, seed).kind));
    expect(kinds.size).toBe(HOSTILE_KINDS.length);
  });

  it('gives equal files for equal seeds, others for others, and never the model itself', () => {
    const files = new Set<string>();
    for (let seed = 0; seed < 2 * HOSTILE_KINDS.length; seed += 1) {
      const { bytes, kind } = hostileModel(base, seed);
      expect(Buffer.compare(bytes, hostileModel(base, seed).bytes), kind).toBe(0);
      files.add(Buffer.from(bytes).toString('latin1'));
    }
    // Kinds with few choices, as two models in one file, may give one twice.
    expect(files.size).toBeGreaterThan(1.8 * HOSTILE_KINDS.length);
    expect(files.has(Buffer.from(base).toString('latin1'))).toBe(false);
  });

  it('leaves its base as it is', () => {
    for (const given of [base.slice(), Buffer.from(base)]) {
      for (let seed = 0; seed < 2 * HOSTILE_KINDS.length; seed += 1) hostileModel(given, seed);
      expect(Buffer.compare(given, base)).toBe(0);
    }
  });
});

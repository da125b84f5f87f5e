import { describe, expect, it } from 'vitest';
import { chooseVariant } from './choose-variant.js';
import { labelledGate } from '../quality/labelled-quality.js';
import type { MeasuredVariant } from './choose-variant.js';

const gate = labelledGate(0.4, { images: [], classesBy: 'index' });
const variant = (name: string, latencyMs: number, map50_95: number, intraOp = 1): MeasuredVariant => ({
  name,
  int8: name !== 'FP32',
  threads: { intraOp, spin: false },
  latencyMs,
  map50: map50_95,
  map50_95,
  lost: (0.6 - map50_95) * 100,
});

describe('chooseVariant', () => {
  it('compares with the fastest FP32 and says what is gained and lost', () => {
    const { chosen, reference, reason } = chooseVariant(
      [variant('FP32', 20, 0.6), variant('FP32', 12, 0.6, 2), variant('INT8', 6, 0.598)],
      gate,
    );
    expect(reference.threads.intraOp).toBe(2);
    expect(chosen.name).toBe('INT8');
    expect(reason).toContain('2.00× FP32');
    expect(reason).toContain('loses 0.20 of 0.40');
  });

  it('takes a slower INT8 when the fastest loses too much', () => {
    const { chosen, reason } = chooseVariant([variant('FP32', 20, 0.6), variant('INT8 a', 6, 0.5), variant('INT8 b', 8, 0.61)], gate);
    expect(chosen.name).toBe('INT8 b');
    expect(reason).toContain('INT8 a, 1 thread loses 10.00');
    expect(reason).toContain('gains 1.00');
  });

  it('keeps FP32 with the reason', () => {
    expect(chooseVariant([variant('FP32', 20, 0.6), variant('INT8', 19.8, 0.6)], gate).reason).toMatch(/^FP32 stays: .*not faster/);
    expect(chooseVariant([variant('FP32', 20, 0.6)], gate).reason).toBe('FP32 stays: no INT8 variant could be made');
  });
});

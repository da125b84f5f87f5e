import { describe, expect, it } from 'vitest';
import { chooseVariant } from './choose-variant.js';
import type { MeasuredVariant } from './choose-variant.js';

const variant = (name: string, latencyMs: number, map50_95: number | null, intraOp = 1): MeasuredVariant => ({
  name,
  int8: name !== 'FP32',
  threads: { intraOp, spin: false },
  latencyMs,
  map50: map50_95,
  map50_95,
});

describe('chooseVariant', () => {
  it('compares with the fastest FP32 and says what is gained and lost', () => {
    const { chosen, reference, reason } = chooseVariant(
      [variant('FP32', 20, 0.6), variant('FP32', 12, 0.6, 2), variant('INT8', 6, 0.598)],
      0.4,
    );
    expect(reference.threads.intraOp).toBe(2);
    expect(chosen.name).toBe('INT8');
    expect(reason).toContain('2.00× FP32');
    expect(reason).toContain('loses 0.20 of 0.40');
  });

  it('takes a slower INT8 when the fastest loses too much', () => {
    const { chosen, reason } = chooseVariant([variant('FP32', 20, 0.6), variant('INT8 a', 6, 0.5), variant('INT8 b', 8, 0.61)], 0.4);
    expect(chosen.name).toBe('INT8 b');
    expect(reason).toContain('INT8 a, 1 thread loses 10.00');
    expect(reason).toContain('gains 1.00');
  });

  it('keeps FP32 with the reason', () => {
    expect(chooseVariant([variant('FP32', 20, 0.6), variant('INT8', 19.8, 0.6)], 0.4).reason).toMatch(/^FP32 stays: .*not faster/);
    expect(chooseVariant([variant('FP32', 20, 0.6)], 0.4).reason).toBe('FP32 stays: no INT8 variant could be made');
  });

  it('chooses by speed alone without labelled images, and says so', () => {
    const { chosen, reason } = chooseVariant([variant('FP32', 20, null), variant('INT8', 10, null)], 0.4);
    expect(chosen.name).toBe('INT8');
    expect(reason).toContain('accuracy was not measured');
  });
});

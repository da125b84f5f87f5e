import { describe, expect, it } from 'vitest';
import { compileProperties } from './compile-properties.js';

describe('compileProperties', () => {
  it('asks for latency in the precision of the artifact with the given threads', () => {
    expect(Object.fromEntries(compileProperties({ intraOp: 2, spin: true }))).toEqual({
      PERFORMANCE_HINT: 'LATENCY',
      INFERENCE_PRECISION_HINT: 'f32',
      ENABLE_CPU_PINNING: 'NO',
      INFERENCE_NUM_THREADS: '2',
    });
  });

  it('leaves the number of threads to the library when asked to', () => {
    expect(Object.fromEntries(compileProperties({ intraOp: 0, spin: false }))).not.toHaveProperty('INFERENCE_NUM_THREADS');
  });
});

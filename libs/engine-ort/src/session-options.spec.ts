import { describe, expect, it } from 'vitest';
import { sessionOptions } from './session-options.js';

describe('sessionOptions', () => {
  it('passes threads and spinning on as ONNX Runtime wants them', () => {
    expect(sessionOptions({ threads: { intraOp: 2, spin: false }, level: 'all' })).toMatchObject({
      intraOpNumThreads: 2,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
  });

  it('leaves the number of threads to the library when asked to', () => {
    expect(sessionOptions({ threads: { intraOp: 0, spin: true }, level: 'basic' })).not.toHaveProperty('intraOpNumThreads');
  });

  it('writes the optimized graph only where a path is given', () => {
    const threads = { intraOp: 1, spin: false };
    expect(sessionOptions({ threads, level: 'all' })).not.toHaveProperty('optimizedModelFilePath');
    expect(sessionOptions({ threads, level: 'all', optimizedModelPath: '/x' }).optimizedModelFilePath).toBe('/x');
  });
});

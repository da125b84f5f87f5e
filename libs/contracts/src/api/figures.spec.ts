import { describe, expect, it } from 'vitest';
import { COUNT_MAX } from '../wire-limits.js';
import { samplePointSchema } from './figures.js';

describe('a point of a slot’s figures', () => {
  it('is readable whatever sums its counters come to', () => {
    const point = {
      from: '2026-01-01T00:00:00Z',
      to: '2026-01-01T00:01:00Z',
      deploymentId: null,
      deliveredFps: 10,
      p50Ms: null,
      p95Ms: null,
    };
    expect(samplePointSchema.safeParse({ ...point, dropped: 3 * COUNT_MAX, errors: 3 * COUNT_MAX }).error).toBeUndefined();
  });
});

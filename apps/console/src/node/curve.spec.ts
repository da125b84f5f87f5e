import { describe, expect, it } from 'vitest';
import { curveOf } from './curve.js';

const point = (from: number, to: number): Parameters<typeof curveOf>[0][number] => ({
  from: new Date(from * 1000).toISOString(),
  to: new Date(to * 1000).toISOString(),
  deploymentId: null,
  deliveredFps: 20,
  p50Ms: 8,
  p95Ms: null,
  dropped: 0,
  errors: 0,
});

describe('curveOf', () => {
  it('puts a point into the middle of its interval', () => {
    expect(curveOf([point(0, 10)])).toEqual([{ time: 5_000, fps: 20, p50: 8, p95: null }]);
  });

  it('breaks where samples are missing, and only there', () => {
    expect(curveOf([point(0, 10), point(10, 20), point(120, 130)]).map(({ fps }) => fps)).toEqual([20, 20, null, 20]);
    expect(curveOf([point(0, 10), point(25, 35)])).toHaveLength(2);
  });
});

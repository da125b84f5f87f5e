import type { FinishedBuild } from '@takt/persistence';
import { describe, expect, it } from 'vitest';
import { modelRows } from './model-rows.js';

type Candidate = FinishedBuild['candidates'][number];

const candidate = (recipe: Candidate['recipe'], verdict: Candidate['verdict'], p50Ms: number, intraOp = 1): Candidate => ({
  recipe,
  precision: recipe === 'fp32' ? 'fp32' : 'int8',
  engine: 'onnxruntime',
  threads: { intraOp, spin: false },
  artifact: 'sha256:0' as never,
  artifactBytes: 1,
  speed: { p50Ms, p95Ms: p50Ms * 2, p99Ms: p50Ms * 3, capacityFps: 1000 / p50Ms, inferenceMs: p50Ms, frames: 100 },
  accuracy: { map50: 0.7, map50_95: 0.5, images: 10 },
  dropPoints: 0.2,
  verdict,
  reason: '',
});
const build = (nodeId: string, profile: string, minute: number, ...candidates: Candidate[]): FinishedBuild => ({
  nodeId: nodeId as never,
  profile,
  at: new Date(Date.UTC(2026, 0, 1, 0, minute)),
  candidates,
});

describe('modelRows', () => {
  it('has a row per profile and recipe with the threads that were chosen, else the fastest that were accepted', () => {
    const rows = modelRows([
      build(
        'n1',
        'small',
        5,
        candidate('fp32', 'accepted', 30, 1),
        candidate('fp32', 'accepted', 20, 2),
        candidate('fp32', 'rejected', 10, 4),
        candidate('int8', 'accepted', 9, 4),
        candidate('int8', 'chosen', 12, 2),
      ),
    ]);
    expect(rows).toMatchObject([
      { profile: 'small', recipe: 'int8', threads: 2, p50Ms: 12, chosenOn: 1, nodes: 1, capacityFps: 1000 / 12 },
      { profile: 'small', recipe: 'fp32', threads: 2, p50Ms: 20, chosenOn: 0, nodes: 1, map50: 0.7, dropPoints: 0.2 },
    ]);
  });

  it('takes the newest measurement, and counts a node once, by what its newest build chose', () => {
    const rows = modelRows([
      build('n1', 'small', 9, candidate('fp32', 'chosen', 18)),
      build('n2', 'small', 8, candidate('fp32', 'accepted', 30), candidate('int8', 'chosen', 10)),
      build('n1', 'small', 7, candidate('fp32', 'accepted', 25), candidate('int8', 'chosen', 11)),
      build('n3', 'large', 6, candidate('fp32', 'chosen', 5)),
    ]);
    expect(rows).toMatchObject([
      { profile: 'large', recipe: 'fp32', nodes: 1, chosenOn: 1 },
      { profile: 'small', recipe: 'int8', p50Ms: 10, nodes: 2, chosenOn: 1, measuredAt: '2026-01-01T00:08:00.000Z' },
      { profile: 'small', recipe: 'fp32', p50Ms: 18, nodes: 2, chosenOn: 1, measuredAt: '2026-01-01T00:09:00.000Z' },
    ]);
  });

  it('shows a recipe that was refused everywhere too', () => {
    expect(modelRows([build('n1', 'small', 1, candidate('int8', 'rejected', 7))])).toMatchObject([{ recipe: 'int8', chosenOn: 0 }]);
    expect(modelRows([])).toEqual([]);
  });
});

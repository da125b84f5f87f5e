import { Recipe } from '@takt/engines';
import type { MeasuredCandidate } from '@takt/engines';
import { TaktError } from '@takt/kernel';
import type { Digest } from '@takt/kernel';
import { describe, expect, it } from 'vitest';
import { decide } from './decide.js';
import type { AuditedCandidate } from './decide.js';

const candidate = (recipe: Recipe, p50Ms: number, dropPoints = 0, auditFailure: string | null = null): AuditedCandidate => {
  const measured: MeasuredCandidate = {
    recipe,
    precision: recipe === Recipe.fp32 ? 'fp32' : 'int8',
    engine: 'onnxruntime',
    threads: { intraOp: 1, spin: false },
    artifact: `sha256:${'0'.repeat(64)}` as Digest,
    artifactBytes: 1,
    speed: { p50Ms, p95Ms: p50Ms, p99Ms: p50Ms, capacityFps: 1000 / p50Ms, inferenceMs: p50Ms, frames: 200 },
    accuracy: { map50: 0.9, map50_95: 0.6 - dropPoints / 100, images: 64 },
    dropPoints,
  };
  return { measured, auditFailure };
};
const options = { budgetPoints: 0.4, waived: false, recipes: [Recipe.fp32, Recipe.int8] };

describe('decide', () => {
  it('takes the faster INT8 inside the budget', () => {
    const { chosen, reason } = decide([candidate('fp32', 20), candidate('int8', 10, 0.2)], [], options);
    expect(chosen.recipe).toBe('int8');
    expect(reason).toContain('2.00×');
  });

  it('keeps FP32 where the audit found INT8 unfused, and says so', () => {
    const { chosen, reason, candidates } = decide(
      [candidate('fp32', 20), candidate('int8', 10, 0, 'only 3 of 57 run in integers')],
      [],
      options,
    );
    expect(chosen.recipe).toBe('fp32');
    expect(candidates[1]).toMatchObject({ verdict: 'rejected', reason: 'fusion audit: only 3 of 57 run in integers' });
    expect(reason).toContain('only 3 of 57');
  });

  it('names a recipe that could not be made', () => {
    const { chosen, reason } = decide([candidate('fp32', 20)], [{ recipe: 'int8', reason: 'no convolution' }], options);
    expect(chosen.recipe).toBe('fp32');
    expect(reason).toContain('INT8 could not be made: no convolution');
  });

  it('takes a slow and inaccurate recipe when the check is waived, with the numbers', () => {
    const audited = [candidate('fp32', 20), candidate('int8-library-default', 40, 18, 'only 0 of 57 run in integers')];
    const { chosen, reason, candidates } = decide(audited, [], { budgetPoints: 0.4, waived: true, recipes: [Recipe.int8LibraryDefault] });
    expect(chosen).toMatchObject({ recipe: 'int8-library-default', verdict: 'chosen' });
    expect(candidates.filter(({ verdict }) => verdict === 'chosen')).toHaveLength(1);
    expect(reason).toContain('build check is waived');
    expect(reason).toContain('18.00 points');
  });

  it('refuses to build what may not run, with every reason', () => {
    const work = (): unknown => decide([candidate('fp32', 20), candidate('int8', 10, 3)], [], { ...options, recipes: [Recipe.int8] });
    expect(work).toThrow(TaktError);
    expect(work).toThrow('3.00 points');
  });
});

import { asId } from '@takt/kernel';
import type { Digest } from '@takt/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SPEED_TIE, choosePlan } from './choose-plan.js';
import type { MeasuredCandidate } from './choose-plan.js';
import { EngineName, Precision, Recipe } from './engine-plan.js';

const measured = (recipe: Recipe, intraOp: number, p50Ms: number, dropPoints = 0, spin = false): MeasuredCandidate => ({
  recipe,
  precision: recipe === Recipe.fp32 ? Precision.fp32 : Precision.int8,
  engine: EngineName.onnxruntime,
  threads: { intraOp, spin },
  artifact: asId<Digest>(`sha256:${'0'.repeat(64)}`),
  artifactBytes: 1,
  speed: { p50Ms, p95Ms: p50Ms, p99Ms: p50Ms, capacityFps: 1000 / p50Ms, inferenceMs: p50Ms, frames: 200 },
  accuracy: { map50: 0.9, map50_95: 0.6 - dropPoints / 100, images: 64 },
  dropPoints,
});

describe('choosePlan', () => {
  it('takes INT8 when it is faster inside the budget, and says so with the numbers', () => {
    const choice = choosePlan([measured(Recipe.fp32, 2, 20), measured(Recipe.int8, 2, 10, 0.25)], 0.4, { waived: false });
    expect(choice.chosen?.recipe).toBe(Recipe.int8);
    expect(choice.reason).toBe(
      'INT8 with 2 threads is 2.00× FP32 (10.0 ms against 20.0 ms per frame) and loses 0.25 of 0.40 allowed points of mAP@0.5:0.95',
    );
    expect(choice.candidates.map((candidate) => candidate.verdict)).toEqual(['accepted', 'chosen']);
  });

  it('keeps FP32 where INT8 is not faster, and says so', () => {
    const choice = choosePlan([measured(Recipe.fp32, 2, 20), measured(Recipe.int8, 2, 19.8)], 0.4, { waived: false });
    expect(choice.chosen?.recipe).toBe(Recipe.fp32);
    expect(choice.reason).toContain('FP32 with 2 threads stays (20.0 ms per frame): INT8 with 2 threads 1.01× FP32');
    expect(choice.candidates[1]?.verdict).toBe('rejected');
  });

  it('refuses a candidate outside the accuracy budget, waived or not', () => {
    for (const waived of [false, true]) {
      const choice = choosePlan([measured(Recipe.fp32, 1, 20), measured(Recipe.int8, 1, 5, 1.2)], 0.4, { waived });
      expect(choice.chosen?.recipe).toBe(Recipe.fp32);
      expect(choice.candidates[1]?.reason).toBe('loses 1.20 points of mAP@0.5:0.95, 0.40 allowed');
    }
  });

  it('lets a waived build check through a slower recipe, with FP32 measured as the reference only', () => {
    const rows = [measured(Recipe.fp32, 0, 20), measured(Recipe.int8LibraryDefault, 0, 44)];
    const recipes = [Recipe.int8LibraryDefault];
    const refused = choosePlan(rows, 100, { waived: false, recipes });
    expect(refused.chosen).toBeNull();
    expect(refused.reason).toContain('0.45× FP32 (44.0 ms against 20.0 ms per frame): not faster than FP32');
    const waived = choosePlan(rows, 100, { waived: true, recipes });
    expect(waived.chosen?.recipe).toBe(Recipe.int8LibraryDefault);
    expect(waived.candidates[0]).toMatchObject({ verdict: 'rejected', reason: expect.stringContaining('reference only') as string });
  });

  it('prefers fewer threads among equally fast plans', () => {
    const choice = choosePlan([measured(Recipe.fp32, 2, 20), measured(Recipe.fp32, 4, 19.9), measured(Recipe.fp32, 1, 38)], 0.4, {
      waived: false,
    });
    expect(choice.chosen?.threads.intraOp).toBe(2);
  });

  it('says that nothing was measured', () => {
    expect(choosePlan([], 0.4, { waived: false })).toEqual({
      candidates: [],
      chosen: null,
      reason: 'nothing the release offers was measured',
    });
  });

  it('never chooses outside the budget nor (unwaived) anything not faster than the fastest FP32', () => {
    const row = fc.record({
      recipe: fc.constantFrom(...Object.values(Recipe)),
      intraOp: fc.integer({ min: 0, max: 8 }),
      p50Ms: fc.double({ min: 1, max: 100, noNaN: true }),
      drop: fc.double({ min: -2, max: 5, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), fc.double({ min: 0, max: 3, noNaN: true }), fc.boolean(), (rows, budget, waived) => {
        const input = rows.map((r) => measured(r.recipe, r.intraOp, r.p50Ms, r.recipe === Recipe.fp32 ? 0 : r.drop));
        const choice = choosePlan(input, budget, { waived });
        expect(choice.candidates).toHaveLength(input.length);
        expect(choice.candidates.filter((candidate) => candidate.verdict === 'chosen')).toHaveLength(choice.chosen === null ? 0 : 1);
        expect(choice.candidates.every((candidate) => candidate.reason.length > 0)).toBe(true);
        const { chosen } = choice;
        if (chosen === null) {
          expect(input.some((candidate) => candidate.recipe === Recipe.fp32)).toBe(false);
          return;
        }
        expect(chosen.dropPoints).toBeLessThanOrEqual(budget + 1e-3);
        const fp32 = input.filter((candidate) => candidate.recipe === Recipe.fp32).map((candidate) => candidate.speed.p50Ms);
        if (!waived && fp32.length > 0 && chosen.recipe !== Recipe.fp32) {
          expect(chosen.speed.p50Ms).toBeLessThanOrEqual(Math.min(...fp32) * (1 + SPEED_TIE));
        }
      }),
    );
  });
});

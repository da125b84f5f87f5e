import type { CpuFacts } from '@takt/hardware';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Recipe } from './engine-plan.js';
import { planSearchSpace, threadPolicies } from './search-space.js';

const box = (cores: Partial<CpuFacts>): { cpu: CpuFacts } => ({
  cpu: {
    vendor: 'GenuineIntel',
    model: 'test',
    architecture: 'x64',
    isa: [],
    int8DotProduct: 'none',
    sockets: 1,
    physicalCores: 4,
    logicalCores: 8,
    numaNodes: 1,
    maxMhz: null,
    ...cores,
  },
});

describe('threadPolicies', () => {
  it('leaves the library its own choice', () => {
    expect(threadPolicies(box({}), 'library-default')).toEqual([{ intraOp: 0, spin: true }]);
  });

  it('sweeps powers of two up to the physical cores, with spinning only where a core stays free', () => {
    expect(threadPolicies(box({ physicalCores: 4, logicalCores: 8 }), 'sweep')).toEqual([
      { intraOp: 1, spin: false },
      { intraOp: 2, spin: false },
      { intraOp: 2, spin: true },
      { intraOp: 4, spin: false },
      { intraOp: 4, spin: true },
    ]);
    expect(threadPolicies(box({ physicalCores: 2, logicalCores: 2 }), 'sweep')).toEqual([
      { intraOp: 1, spin: false },
      { intraOp: 2, spin: false },
    ]);
  });

  it('stays inside one NUMA node: 2 × 24 cores are tried up to 24', () => {
    const counts = threadPolicies(box({ sockets: 2, physicalCores: 48, logicalCores: 96, numaNodes: 2 }), 'sweep').map(
      (policy) => policy.intraOp,
    );
    expect(Math.max(...counts)).toBe(24);
  });

  it('tries both hyper-threads of a single core', () => {
    expect(threadPolicies(box({ physicalCores: 1, logicalCores: 2 }), 'sweep').map((policy) => policy.intraOp)).toEqual([1, 2]);
  });

  it('clamps fixed counts to the box and drops repeats', () => {
    expect(threadPolicies(box({ logicalCores: 4 }), [8, 4, 2, 2]).map((policy) => policy.intraOp)).toEqual([2, 4]);
  });
});

describe('planSearchSpace', () => {
  it('adds FP32 as a reference where the release does not offer it', () => {
    const points = planSearchSpace(box({}), { recipes: [Recipe.int8LibraryDefault], threads: 'library-default' });
    expect(points).toEqual([
      { recipe: 'fp32', threads: { intraOp: 0, spin: true }, referenceOnly: true },
      { recipe: 'int8-library-default', threads: { intraOp: 0, spin: true }, referenceOnly: false },
    ]);
  });

  it('measures each combination once, FP32 first, on any box', () => {
    fc.assert(
      fc.property(
        fc.record({
          physicalCores: fc.integer({ min: 1, max: 256 }),
          perCore: fc.constantFrom(1, 2),
          numaNodes: fc.integer({ min: 1, max: 8 }),
        }),
        fc.subarray(Object.values(Recipe), { minLength: 1 }),
        fc.oneof(
          fc.constant('sweep' as const),
          fc.constant('library-default' as const),
          fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }),
        ),
        ({ physicalCores, perCore, numaNodes }, recipes, threads) => {
          const logicalCores = physicalCores * perCore;
          const points = planSearchSpace(box({ physicalCores, logicalCores, numaNodes }), { recipes, threads });
          const keys = points.map((point) => JSON.stringify([point.recipe, point.threads]));
          expect(new Set(keys).size).toBe(keys.length);
          expect(points[0]?.recipe).toBe(Recipe.fp32);
          expect(new Set(points.map((point) => point.recipe))).toEqual(new Set([Recipe.fp32, ...recipes]));
          expect(points.every((point) => point.threads.intraOp >= 0 && point.threads.intraOp <= logicalCores)).toBe(true);
          expect(points.filter((point) => point.referenceOnly).every((point) => !recipes.includes(point.recipe))).toBe(true);
        },
      ),
    );
  });
});

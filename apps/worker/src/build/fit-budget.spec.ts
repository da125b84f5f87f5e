import { TaktError } from '@takt/kernel';
import { describe, expect, it } from 'vitest';
import { fitBudget } from './fit-budget.js';
import type { FittedArtifact, RecipeEmitter } from './fit-budget.js';

/** Points lost by a mAP of FP32 of 0.6. */
const lostBy = (map50_95: number): number => (0.6 - map50_95) * 100;
const LAYERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const emitter: RecipeEmitter = {
  name: 'INT8',
  form: '',
  emit: (reverted) => Promise.resolve({ bytes: new TextEncoder().encode(reverted.join()), auditFailure: null, notes: [] }),
  rank: () => Promise.resolve(LAYERS.map((layer, at) => ({ layer, share: 0.5 / (at + 1) }))),
  layerNames: (values) => Promise.resolve(values.map((value) => `/${value}/Conv`)),
};

interface Tried {
  readonly artifact: FittedArtifact<{ readonly lost: number }>;
  readonly measured: readonly string[];
  readonly discarded: readonly string[];
}

/** Each artifact has the next of the accuracies; times are those of FP32, the artifact before and the new one, or none. */
async function fit(results: readonly number[], recipe = emitter, times?: readonly (readonly number[])[]): Promise<Tried> {
  const measured: string[] = [];
  const discarded: string[] = [];
  let timed = 0;
  const artifact = await fitBudget(recipe, 'fp32', {
    save: (_, bytes) => Promise.resolve(`with ${new TextDecoder().decode(bytes)}`),
    budget: 0.4,
    measure: (path) => {
      measured.push(path);
      return Promise.resolve({ lost: lostBy(results[measured.length - 1] ?? 0) });
    },
    time: times === undefined ? null : () => Promise.resolve(times[timed++] ?? [10, 5, 5]),
    discard: (path) => {
      discarded.push(path);
      return Promise.resolve();
    },
  });
  return { artifact, measured, discarded };
}

describe('fitBudget', () => {
  it('takes all layers in integers when that is inside the budget, and ranks nothing', async () => {
    const unranked = { ...emitter, rank: () => Promise.reject(new Error('not asked for')) };
    const { artifact, measured, discarded } = await fit([0.597], unranked);
    expect(artifact).toMatchObject({ reverted: [], steps: [], worst: [] });
    expect([measured.length, discarded]).toEqual([1, []]);
  });

  it('reverts the worst layers one by one until it is inside, and lets go of the others', async () => {
    const { artifact, measured, discarded } = await fit([0.58, 0.59, 0.598]);
    expect(artifact.reverted).toEqual(['a', 'b']);
    expect(artifact.revertedLayers).toEqual(['/a/Conv', '/b/Conv']);
    expect(artifact.quality.lost).toBe(lostBy(0.598));
    expect(artifact.steps.map(({ layers, refused }) => [layers, refused])).toEqual([
      [['/a/Conv'], null],
      [['/b/Conv'], null],
    ]);
    expect(artifact.worst[0]).toEqual({ layer: '/a/Conv', share: 0.5 });
    expect(discarded).toEqual(measured.slice(0, 2));
  });

  it('goes on over a layer that helps nothing alone', async () => {
    const { artifact, discarded } = await fit([0.58, 0.57, 0.598]);
    expect(artifact.reverted).toEqual(['a', 'b']);
    expect(new Set(discarded)).toEqual(new Set(['with ', 'with a']));
  });

  it('gives the one that loses least where none is inside', async () => {
    const { artifact, measured, discarded } = await fit([0.58, 0.59, 0.585, 0.57, 0.56, 0.55]);
    expect(artifact.reverted).toEqual(['a']);
    expect(discarded).not.toContain(artifact.path);
    expect(new Set(discarded).size).toBe(measured.length - 1);
  });

  it('takes a revert back that breaks a fusion, or makes INT8 no faster than FP32', async () => {
    const times = [
      [10, 5, 5.2],
      [10, 5.2, 7.5],
      [10, 5.2, 10.5],
      [10, 5.2, 5.3],
    ];
    const { artifact } = await fit([0.58, 0.581, 0.599, 0.599, 0.598], emitter, times);
    expect(artifact.reverted).toEqual(['a', 'd']);
    expect(artifact.steps.map(({ refused }) => refused)).toEqual([
      null,
      'breaks a fusion around it',
      'is not faster than FP32 any more',
      null,
    ]);
    expect(artifact.steps[1]?.latencyMs).toEqual({ before: 5.2, after: 7.5 });
  });

  it('does not try layers that gain nothing', async () => {
    const one = {
      ...emitter,
      rank: () =>
        Promise.resolve([
          { layer: 'a', share: 0.2 },
          { layer: 'b', share: -0.1 },
        ]),
    };
    expect((await fit([0.5, 0.5], one)).measured).toHaveLength(2);
  });

  it('does not vary a recipe that is taken as it is', async () => {
    expect((await fit([0.1], { ...emitter, rank: null })).measured).toHaveLength(1);
  });

  it('ends where nothing is left to quantize, but passes on a refusal of the first attempt', async () => {
    const nothing = new TaktError({ code: 'NothingToQuantize', message: 'nothing left', action: 'use fp32' });
    const first: RecipeEmitter = { ...emitter, emit: (reverted) => (reverted.length === 0 ? emitter.emit([]) : Promise.reject(nothing)) };
    expect((await fit([0.5], first)).artifact.quality.lost).toBe(lostBy(0.5));
    await expect(fit([], { ...emitter, emit: () => Promise.reject(nothing) })).rejects.toBe(nothing);
    const crash = new TaktError({ code: 'EngineCrashed', message: 'the engine ended', action: 'try again' });
    const later: RecipeEmitter = { ...emitter, emit: (reverted) => (reverted.length === 0 ? emitter.emit([]) : Promise.reject(crash)) };
    await expect(fit([0.5], later)).rejects.toBe(crash);
  });
});

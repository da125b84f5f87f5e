import { TaktError } from '@takt/kernel';
import { describe, expect, it } from 'vitest';
import type { GoldenAccuracy } from '../golden/measure-accuracy.js';
import { fitRecipe } from './fit-recipe.js';
import type { EmitRecipe } from './fit-recipe.js';

const accuracy = (map50_95: number): GoldenAccuracy => ({
  stats: [],
  map50: 0.9,
  map50_95,
  perCategory: [],
  images: 4,
  groundTruth: 4,
  detections: 4,
});
const emit: EmitRecipe = (_, floatTail) =>
  Promise.resolve({
    bytes: Uint8Array.of(floatTail),
    auditFailure: null,
    floatConvs: Array.from({ length: 3 * floatTail }, (__, index) => `conv${String(index)}`),
    notes: [],
  });

const fit = async (recipe: 'int8' | 'int8-library-default', results: number[], emitter = emit) => {
  const measured: string[] = [];
  const discarded: string[] = [];
  const artifact = await fitRecipe(recipe, accuracy(0.6), {
    save: (digest) => Promise.resolve(digest),
    budgetPoints: 0.4,
    emit: emitter,
    measure: (path) => {
      measured.push(path);
      return Promise.resolve(accuracy(results[measured.length - 1] ?? 0));
    },
    discard: (path) => {
      discarded.push(path);
      return Promise.resolve();
    },
  });
  return { artifact, measured, discarded };
};

describe('fitRecipe', () => {
  it('takes the first artifact when it is inside the budget', async () => {
    const { artifact, measured, discarded } = await fit('int8', [0.597]);
    expect(artifact.floatConvs).toEqual([]);
    expect(measured).toHaveLength(1);
    expect(discarded).toEqual([]);
  });

  it('leaves more in float until it is inside, and lets go of the others', async () => {
    const { artifact, measured, discarded } = await fit('int8', [0.58, 0.59, 0.598]);
    expect(artifact.floatConvs).toHaveLength(6);
    expect(artifact.accuracy.map50_95).toBe(0.598);
    expect(discarded).toEqual(measured.slice(0, 2));
  });

  it('gives the one that loses least where none is inside', async () => {
    const { artifact, measured, discarded } = await fit('int8', [0.58, 0.59, 0.585, 0.57, 0.56, 0.55]);
    expect(measured).toHaveLength(6);
    expect(artifact.accuracy.map50_95).toBe(0.59);
    expect(discarded).toHaveLength(5);
    expect(discarded).not.toContain(artifact.path);
  });

  it('goes on where the first level changes nothing, as in a model whose head cannot be cut off', async () => {
    const same: EmitRecipe = (recipe, level) => emit(recipe, Math.max(0, level - 1));
    const { artifact, measured } = await fit('int8', [0.58, 0.598], same);
    expect(measured).toHaveLength(2);
    expect(artifact.accuracy.map50_95).toBe(0.598);
  });

  it('does not vary the library default', async () => {
    expect((await fit('int8-library-default', [0.1])).measured).toHaveLength(1);
  });

  it('ends where nothing is left to quantize, but passes on a refusal of the first attempt', async () => {
    const nothing = new TaktError({ code: 'NothingToQuantize', message: 'nothing left', action: 'use fp32' });
    const once: EmitRecipe = (recipe, level) => (level === 0 ? emit(recipe, 0) : Promise.reject(nothing));
    expect((await fit('int8', [0.5], once)).artifact.accuracy.map50_95).toBe(0.5);
    await expect(fit('int8', [], () => Promise.reject(nothing))).rejects.toBe(nothing);
  });
});

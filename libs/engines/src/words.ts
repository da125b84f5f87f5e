import type { Recipe } from './engine-plan.js';
import type { Candidate } from './engine-plan.js';

const RECIPE_WORDS: Readonly<Record<Recipe, string>> = {
  fp32: 'FP32',
  int8: 'INT8',
  'int8-library-default': 'INT8 (library default)',
};

/** A recipe as an operator calls it. */
export const recipeWords = (recipe: Recipe): string => RECIPE_WORDS[recipe];

/** "INT8 with 2 threads", "FP32 with the library's own threads". */
export function describeCandidate(candidate: Pick<Candidate, 'recipe' | 'threads'>): string {
  const { intraOp, spin } = candidate.threads;
  if (intraOp === 0) return `${recipeWords(candidate.recipe)} with the library's own threads`;
  const count = `${String(intraOp)} ${spin ? 'spinning ' : ''}thread${intraOp === 1 ? '' : 's'}`;
  return `${recipeWords(candidate.recipe)} with ${count}`;
}

/** "8.1 ms per frame, up to 120 frames per second". */
export const describeSpeed = (candidate: Pick<Candidate, 'speed'>): string =>
  `${candidate.speed.p50Ms.toFixed(1)} ms per frame, up to ${candidate.speed.capacityFps.toFixed(0)} frames per second`;

import { TaktError } from '@takt/kernel';
import { digestOf } from '../golden/digest.js';
import { fitBudget } from './fit-budget.js';
import type { FitParts, FittedArtifact, RecipeEmitter } from './fit-budget.js';
import { isFinding } from './is-finding.js';

interface Timed {
  readonly recipe: RecipeEmitter;
  readonly path: string;
  readonly ms: number;
}

/**
 * The artifact of a recipe that can be made in several forms, of which only the host can tell the fastest: each is timed as it is,
 * all in turns; the fastest is fitted into the budget, and the next ones too where that takes layers in float. The fastest that is
 * inside is given, or the one that loses least. Where nothing can be timed, the last form is taken: the one with most in float.
 *
 * @param recipes forms of one recipe, at least one.
 * @throws TaktError of the emitter where the model allows no form.
 */
export async function fitFastest<Q extends { readonly lost: number }>(
  recipes: readonly RecipeEmitter[],
  fp32: string,
  parts: FitParts<Q>,
): Promise<FittedArtifact<Q>> {
  const { time, budget } = parts;
  const only = recipes.at(-1);
  if (only === undefined) throw new RangeError('a recipe has at least one form');
  if (recipes.length === 1 || time === null) return fitBudget(only, fp32, parts);
  const [fastest, ...slower] = await timeForms(recipes, { ...parts, time });
  const fitted = [await fitBudget(fastest.recipe, fp32, parts)];
  const isBought = ({ steps }: FittedArtifact<Q>): boolean => steps.length > 0;
  const inside = ({ quality }: FittedArtifact<Q>): boolean => quality.lost <= budget;
  for (const { recipe, path } of slower) {
    // What is inside as it is cannot be outrun by forms that are slower before any layer of theirs goes back.
    if (fitted.some((each) => inside(each) && !isBought(each))) await parts.discard(path);
    else fitted.push(await fitBudget(recipe, fp32, parts));
  }
  const chosen = await choose(fitted, inside, time);
  for (const each of fitted) if (each.path !== chosen.path) await parts.discard(each.path);
  const words = [fastest, ...slower].map(({ recipe, ms }) => `${recipe.form} ${ms.toFixed(2)} ms`);
  return words.length === 1 ? chosen : { ...chosen, notes: [...chosen.notes, `timed with nothing else in float: ${words.join(', ')}`] };
}

/** The forms that the model allows, the fastest first. Forms that come to the same bytes are one. */
async function timeForms(
  recipes: readonly RecipeEmitter[],
  { save, time }: Pick<FitParts<{ readonly lost: number }>, 'save'> & { readonly time: NonNullable<FitParts<never>['time']> },
): Promise<readonly [Timed, ...Timed[]]> {
  const made = new Map<string, RecipeEmitter>();
  let refusal: unknown;
  for (const recipe of recipes) {
    try {
      const { bytes } = await recipe.emit([]);
      const path = await save(digestOf(bytes), bytes);
      if (!made.has(path)) made.set(path, recipe);
    } catch (error) {
      if (!(error instanceof TaktError) || !isFinding(error)) throw error;
      refusal ??= error;
    }
  }
  const times = made.size > 1 ? await time([...made.keys()]) : [];
  const timed = [...made].map(([path, recipe], at) => ({ recipe, path, ms: times[at] ?? 0 })).sort((a, b) => a.ms - b.ms);
  const [first, ...others] = timed;
  if (first === undefined) throw refusal;
  return [first, ...others];
}

async function choose<Q extends { readonly lost: number }>(
  fitted: readonly FittedArtifact<Q>[],
  inside: (artifact: FittedArtifact<Q>) => boolean,
  time: (paths: readonly string[]) => Promise<readonly number[]>,
): Promise<FittedArtifact<Q>> {
  const good = fitted.filter(inside);
  if (good.length > 1) {
    const times = await time(good.map(({ path }) => path));
    const at = times.indexOf(Math.min(...times));
    return good[at] ?? (good[0] as FittedArtifact<Q>);
  }
  return good[0] ?? (fitted.toSorted((a, b) => a.quality.lost - b.quality.lost)[0] as FittedArtifact<Q>);
}

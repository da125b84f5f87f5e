import { TaktError } from '@takt/kernel';
import { digestOf } from '../golden/digest.js';
import { fitBudget } from './fit-budget.js';
import type { FitParts, FittedArtifact, RecipeEmitter } from './fit-budget.js';
import { isFinding } from './is-finding.js';

/** Parts on a machine that the artifacts run on. */
export type TimedFitParts<Q extends { readonly lost: number }> = FitParts<Q> & { readonly time: NonNullable<FitParts<Q>['time']> };

/** The artifact of the form that was taken. */
export interface ChosenForm<Q> extends FittedArtifact<Q> {
  /** What was timed and why this form was taken; null where the recipe has one form alone. */
  readonly choice: string | null;
}

interface TimedForm {
  readonly recipe: RecipeEmitter;
  readonly path: string;
  /** Milliseconds of one inference before any layer goes back to float. */
  readonly ms: number;
}

interface TimedForms {
  /** The fastest first; at least one. */
  readonly forms: readonly TimedForm[];
  readonly refusals: readonly string[];
}

/**
 * Head start that a form over the budget must have for its accuracy to be bought: a layer in float costs some percent, and to find
 * it every box has to rank all layers. On a busy box that takes a minute, so it must be seen twice.
 */
const WORTH_BUYING = 0.08;
/** Medians that differ by less are alike; the form that lost nothing to reverts is taken then. */
const TIE = 0.01;

/**
 * The artifact of a recipe that can be made in several forms, of which only the host can tell the fastest. All are timed in turns. The
 * fastest that is inside the budget as it is, is compared with a faster one that has to buy accuracy by layers in float, where that has a
 * head start to spend and keeps it when both are timed again. Where none is inside, the one that loses least is given.
 *
 * @param recipes forms of one recipe, at least one.
 * @throws TaktError of the emitter where the model allows no form.
 */
export async function fitFastest<Q extends { readonly lost: number }>(
  recipes: readonly RecipeEmitter[],
  fp32: string,
  parts: TimedFitParts<Q>,
): Promise<ChosenForm<Q>> {
  const measured = new Map<string, Promise<Q>>();
  // One form's reverts may come to another form's bytes: no file is measured twice.
  const measure = (path: string, label: string): Promise<Q> => {
    const known = measured.get(path) ?? parts.measure(path, label);
    measured.set(path, known);
    return known;
  };
  const fit = (recipe: RecipeEmitter): Promise<FittedArtifact<Q>> => fitBudget(recipe, fp32, { ...parts, measure });
  const inside = ({ lost }: Q): boolean => lost <= parts.budget;

  const { forms, refusals } = await timeForms(recipes, parts);
  const fitted: { readonly form: TimedForm; readonly artifact: FittedArtifact<Q> }[] = [];
  let ready: (typeof fitted)[number] | undefined;
  for (const form of forms) {
    if (!inside(await measure(form.path, form.recipe.name))) continue;
    ready = { form, artifact: await fit(form.recipe) };
    fitted.push(ready);
    break;
  }
  const again: string[] = [];
  const isAhead = (ms: number, readyMs: number): boolean => ms <= readyMs * (1 - WORTH_BUYING);
  let bought: (typeof fitted)[number] | undefined;
  for (const form of forms) {
    if (bought !== undefined || form === ready?.form || (ready !== undefined && !isAhead(form.ms, ready.form.ms))) break;
    if (ready !== undefined) {
      const [ms = 0, readyMs = 0] = await parts.time([form.path, ready.form.path]);
      if (!isAhead(ms, readyMs)) {
        again.push(`${form.recipe.form} is not ahead when timed again, ${ms.toFixed(2)} against ${readyMs.toFixed(2)} ms`);
        continue;
      }
    }
    const each = { form, artifact: await fit(form.recipe) };
    fitted.push(each);
    if (inside(each.artifact.quality) && each.artifact.path !== ready?.artifact.path) bought = each;
  }

  const words = [`before any layer goes back: ${forms.map(({ recipe, ms }) => `${recipe.form} ${ms.toFixed(2)} ms`).join(', ')}`, ...again];
  let chosen = (ready ?? bought)?.artifact ?? leastLost(fitted.map(({ artifact }) => artifact));
  if (ready !== undefined && bought !== undefined) {
    const [readyMs = 0, boughtMs = 0] = await parts.time([ready.artifact.path, bought.artifact.path]);
    const pays = boughtMs < readyMs * (1 - TIE);
    if (pays) chosen = bought.artifact;
    const back = `${bought.form.recipe.form} and ${bought.artifact.revertedLayers.join(', ')} back in it`;
    words.push(`${back} ${boughtMs.toFixed(2)} against ${readyMs.toFixed(2)} ms, ${pays ? 'taken' : 'not taken'}`);
  }
  const paths = new Set([...forms.map(({ path }) => path), ...fitted.map(({ artifact }) => artifact.path)]);
  for (const path of paths) if (path !== chosen.path) await parts.discard(path);
  return { ...chosen, choice: recipes.length === 1 ? null : [...words, ...refusals].join('; ') };
}

/** The forms that the model allows. Those that come to the same bytes are one. */
async function timeForms<Q extends { readonly lost: number }>(
  recipes: readonly RecipeEmitter[],
  { save, time }: Pick<TimedFitParts<Q>, 'save' | 'time'>,
): Promise<TimedForms> {
  const made = new Map<string, RecipeEmitter>();
  const refused: { readonly form: string; readonly error: TaktError }[] = [];
  for (const recipe of recipes) {
    try {
      const emitted = await recipe.emit([]);
      const path = await save(digestOf(emitted.bytes), emitted.bytes);
      // What is timed is what is fitted: it is not made a second time.
      const emit: RecipeEmitter['emit'] = (reverted) => (reverted.length === 0 ? Promise.resolve(emitted) : recipe.emit(reverted));
      if (!made.has(path)) made.set(path, { ...recipe, emit });
    } catch (error) {
      if (!(error instanceof TaktError) || !isFinding(error)) throw error;
      refused.push({ form: recipe.form, error });
    }
  }
  if (made.size === 0) throw refused[0]?.error ?? new RangeError('a recipe has at least one form');
  const times = made.size > 1 || refused.length > 0 ? await time([...made.keys()]) : [];
  const forms = [...made].map(([path, recipe], at) => ({ recipe, path, ms: times[at] ?? 0 }));
  const refusals = refused.map(({ form, error }) => `with ${form} it could not be made: ${error.message}`);
  return { forms: forms.sort((a, b) => a.ms - b.ms), refusals };
}

const leastLost = <Q extends { readonly lost: number }>(fitted: readonly FittedArtifact<Q>[]): FittedArtifact<Q> =>
  fitted.reduce((best, each) => (each.quality.lost < best.quality.lost ? each : best));

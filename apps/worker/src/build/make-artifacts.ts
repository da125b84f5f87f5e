import { Precision, Recipe } from '@takt/engines';
import { TaktError } from '@takt/kernel';
import type { Digest } from '@takt/kernel';
import { digestOf } from '../golden/digest.js';
import { formOf } from '../golden/input-model.js';
import type { InputModel } from '../golden/input-model.js';
import type { GoldenAccuracy } from '../golden/measure-accuracy.js';
import type { FailedRecipe } from './decide.js';
import { pointsLost } from './fit-budget.js';
import { fitFastest } from './fit-fastest.js';
import type { TimedFitParts } from './fit-fastest.js';
import { isFinding } from './is-finding.js';
import type { EmittedArtifact, RecipeEmitter } from './fit-budget.js';

/** An artifact in the work folder, and how accurate it is. */
export interface BuiltArtifact extends EmittedArtifact {
  readonly recipe: Recipe;
  readonly precision: Precision;
  readonly path: string;
  readonly digest: Digest;
  readonly accuracy: GoldenAccuracy;
  /** Layers that went back to float to keep accuracy, by their names. */
  readonly revertedLayers: readonly string[];
  /** What was timed and why this form of the recipe was taken; null where it has one alone. */
  readonly choice: string | null;
}

export interface MadeArtifacts {
  /** FP32 first. */
  readonly artifacts: readonly BuiltArtifact[];
  readonly failed: readonly FailedRecipe[];
}

export interface ArtifactParts extends Omit<TimedFitParts<{ readonly lost: number }>, 'measure'> {
  /** Accuracy of an artifact file; the budget is in points of mAP@0.5:0.95. */
  readonly measure: (path: string, label: string) => Promise<GoldenAccuracy>;
}

/**
 * One artifact per recipe, FP32 in the form that import gave it. A recipe that the emitter refuses for this model is left out with its
 * reason; other failures end the job.
 */
export async function makeArtifacts(
  recipes: readonly Recipe[],
  model: InputModel,
  emittersOf: (recipe: Exclude<Recipe, 'fp32'>) => Promise<readonly RecipeEmitter[]>,
  parts: ArtifactParts,
): Promise<MadeArtifacts> {
  const accuracy = await parts.measure(model.path, Recipe.fp32);
  const { bytes, path } = model;
  const fp32: BuiltArtifact = {
    recipe: Recipe.fp32,
    precision: Precision.fp32,
    path,
    bytes,
    digest: digestOf(bytes),
    auditFailure: null,
    revertedLayers: [],
    choice: null,
    notes: [formOf(model)],
    accuracy,
  };
  const artifacts = [fp32];
  const measure = async (file: string, label: string): Promise<{ readonly lost: number; readonly accuracy: GoldenAccuracy }> => {
    const found = await parts.measure(file, label);
    return { lost: pointsLost(accuracy, found), accuracy: found };
  };
  const failed: FailedRecipe[] = [];
  for (const recipe of recipes) {
    if (recipe === Recipe.fp32) continue;
    try {
      const fitted = await fitFastest(await emittersOf(recipe), path, { ...parts, measure });
      artifacts.push({ recipe, precision: Precision.int8, ...fitted, accuracy: fitted.quality.accuracy });
    } catch (error) {
      if (!(error instanceof TaktError) || !isFinding(error)) throw error;
      failed.push({ recipe, reason: error.message });
    }
  }
  return { artifacts, failed };
}

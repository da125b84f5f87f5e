import { Precision, Recipe } from '@takt/engines';
import { TaktError } from '@takt/kernel';
import { digestOf } from '../golden/digest.js';
import type { InputModel } from '../golden/input-model.js';
import type { FailedRecipe } from './decide.js';
import { fitRecipe } from './fit-recipe.js';
import type { BuiltArtifact, FitParts } from './fit-recipe.js';

export interface MadeArtifacts {
  /** FP32 first. */
  readonly artifacts: readonly BuiltArtifact[];
  readonly failed: readonly FailedRecipe[];
}

/**
 * One artifact per recipe, FP32 as it was pushed. A recipe that the emitter refuses for this model is left out with its
 * reason; other failures end the job.
 */
export async function makeArtifacts(recipes: readonly Recipe[], model: InputModel, parts: FitParts): Promise<MadeArtifacts> {
  const accuracy = await parts.measure(model.path, Recipe.fp32);
  if (accuracy.groundTruth === 0) {
    throw new TaktError({
      code: 'GoldenSetUnlabelled',
      message: `none of the ${String(accuracy.images)} golden images has a labelled object, so accuracy cannot be measured`,
      action: 'add the label files (labels/… beside images/…) to the golden set',
      component: 'worker',
    });
  }
  const { bytes, path } = model;
  const artifacts: BuiltArtifact[] = [
    {
      recipe: Recipe.fp32,
      precision: Precision.fp32,
      path,
      bytes,
      digest: digestOf(bytes),
      auditFailure: null,
      floatConvs: [],
      notes: ['the model as it was given'],
      accuracy,
    },
  ];
  const failed: FailedRecipe[] = [];
  for (const recipe of recipes) {
    if (recipe === Recipe.fp32) continue;
    try {
      artifacts.push(await fitRecipe(recipe, accuracy, parts));
    } catch (error) {
      if (!(error instanceof TaktError) || !isFinding(error)) throw error;
      failed.push({ recipe, reason: error.message });
    }
  }
  return { artifacts, failed };
}

/** A missing or foreign statistics file and a broken image are the caller's; what a model does not allow is a finding. */
const isFinding = ({ code }: TaktError): boolean => !/^(?:Statistics|Calibration|Image|Engine)/.test(code);

import { Precision, Recipe } from '@takt/engines';
import { TaktError } from '@takt/kernel';
import type { Digest } from '@takt/kernel';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { artifactFileName, digestOf } from '../golden/digest.js';
import type { InputModel } from '../golden/input-model.js';
import type { FailedRecipe } from './decide.js';

/** What an emitter gives for one recipe. */
export interface EmittedModel {
  readonly bytes: Uint8Array;
  /** What the fusion audit found wrong, null when all is fused as intended. */
  readonly auditFailure: string | null;
}

export type EmitRecipe = (recipe: Exclude<Recipe, 'fp32'>) => Promise<EmittedModel>;

/** An artifact in the work folder. */
export interface BuiltArtifact {
  readonly recipe: Recipe;
  readonly precision: Precision;
  readonly path: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly auditFailure: string | null;
}

export interface MadeArtifacts {
  readonly artifacts: readonly BuiltArtifact[];
  readonly failed: readonly FailedRecipe[];
}

/**
 * One artifact per recipe, FP32 as it was pushed. A recipe that the emitter refuses for this model is left out with its
 * reason; other failures end the build.
 */
export async function makeArtifacts(
  recipes: readonly Recipe[],
  model: InputModel,
  folder: string,
  emit: EmitRecipe,
): Promise<MadeArtifacts> {
  const artifacts: BuiltArtifact[] = [];
  const failed: FailedRecipe[] = [];
  for (const recipe of recipes) {
    try {
      const emitted = recipe === Recipe.fp32 ? { bytes: model.bytes, auditFailure: null } : await emit(recipe);
      const digest = digestOf(emitted.bytes);
      const path = join(folder, artifactFileName(digest));
      await writeFile(path, emitted.bytes);
      const precision = recipe === Recipe.fp32 ? Precision.fp32 : Precision.int8;
      artifacts.push({ recipe, precision, path, digest, bytes: emitted.bytes, auditFailure: emitted.auditFailure });
    } catch (error) {
      if (!(error instanceof TaktError) || recipe === Recipe.fp32) throw error;
      failed.push({ recipe, reason: error.message });
    }
  }
  return { artifacts, failed };
}

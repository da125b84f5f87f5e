import { Precision, Recipe } from '@takt/engines';
import { TaktError } from '@takt/kernel';
import type { Digest } from '@takt/kernel';
import { digestOf } from '../golden/digest.js';
import type { GoldenAccuracy } from '../golden/measure-accuracy.js';

/** What an emitter gives for one recipe. */
export interface EmittedModel {
  readonly bytes: Uint8Array;
  /** What the fusion audit found wrong, null when all is fused as intended. */
  readonly auditFailure: string | null;
  /** Convolutions that were left in float to keep accuracy, by name. */
  readonly floatConvs: readonly string[];
  /** What was done, in words. */
  readonly notes: readonly string[];
}

/** @param tailLevel how much of the network's end to leave in float; only takt's own recipe knows it. */
export type EmitRecipe = (recipe: Exclude<Recipe, 'fp32'>, tailLevel: number) => Promise<EmittedModel>;

/** An artifact in the work folder, and how accurate it is. */
export interface BuiltArtifact extends EmittedModel {
  readonly recipe: Recipe;
  readonly precision: Precision;
  readonly path: string;
  readonly digest: Digest;
  readonly accuracy: GoldenAccuracy;
}

export interface FitParts {
  /** Puts an artifact where the engine can load it; gives its path. */
  readonly save: (digest: Digest, bytes: Uint8Array) => Promise<string>;
  readonly budgetPoints: number;
  readonly emit: EmitRecipe;
  /** Accuracy of an artifact file. */
  readonly measure: (path: string, label: string) => Promise<GoldenAccuracy>;
  /** Called for an artifact that was measured and is not kept. */
  readonly discard: (path: string) => Promise<void>;
}

/** The last convolutions and four before each of them may go back to float before INT8 has nothing left to gain. */
const MAX_TAIL_LEVEL = 5;

export const pointsLost = (fp32: GoldenAccuracy, accuracy: GoldenAccuracy): number => (fp32.map50_95 - accuracy.map50_95) * 100;

/**
 * The artifact of one recipe. takt's own INT8 is made again with more of its last convolutions in float as long as it loses
 * more than the budget; where none is inside, the one that loses least is given.
 *
 * @throws TaktError of the emitter where the model allows no such artifact.
 */
export async function fitRecipe(recipe: Exclude<Recipe, 'fp32'>, fp32: GoldenAccuracy, parts: FitParts): Promise<BuiltArtifact> {
  const most = recipe === Recipe.int8 ? MAX_TAIL_LEVEL : 0;
  let best: BuiltArtifact | undefined;
  for (let level = 0; level <= most; level += 1) {
    const emitted = await emitOrStop(recipe, level, parts.emit, best !== undefined);
    if (emitted === undefined || emitted.floatConvs.length < level - 1) break;
    const digest = digestOf(emitted.bytes);
    // A model whose head cannot be cut off has its last convolutions in float at the first level already.
    if (digest === best?.digest) continue;
    const path = await parts.save(digest, emitted.bytes);
    const accuracy = await parts.measure(path, recipe);
    const attempt: BuiltArtifact = { ...emitted, recipe, precision: Precision.int8, path, digest, accuracy };
    if (best === undefined || accuracy.map50_95 > best.accuracy.map50_95) {
      if (best !== undefined) await parts.discard(best.path);
      best = attempt;
    } else {
      await parts.discard(path);
    }
    if (pointsLost(fp32, best.accuracy) <= parts.budgetPoints) break;
  }
  return best as BuiltArtifact;
}

/** With more in float there may be nothing left to quantize; that ends the search, it is no failure of what was made. */
async function emitOrStop(
  recipe: Exclude<Recipe, 'fp32'>,
  level: number,
  emit: EmitRecipe,
  hasBest: boolean,
): Promise<EmittedModel | undefined> {
  try {
    return await emit(recipe, level);
  } catch (error) {
    if (hasBest && error instanceof TaktError) return undefined;
    throw error;
  }
}

import { Recipe } from '@takt/engines';
import type { HardwareFacts } from '@takt/hardware';
import { TaktError } from '@takt/kernel';
import type { Digest } from '@takt/kernel';
import { createEmitter } from '../build/emitter.js';
import { fitRecipe } from '../build/fit-recipe.js';
import { digestOf } from '../golden/digest.js';
import type { InputModel } from '../golden/input-model.js';
import type { GoldenAccuracy } from '../golden/measure-accuracy.js';
import type { JobContext } from '../job-context.js';

/** An artifact to be timed. */
export interface Variant {
  readonly name: string;
  readonly int8: boolean;
  readonly path: string;
  readonly bytes: Uint8Array;
  /** What was done to make it. */
  readonly notes: readonly string[];
  /** Convolutions left in float to keep accuracy. */
  readonly floatConvs: readonly string[];
  /** Null where no labelled set was given. */
  readonly accuracy: GoldenAccuracy | null;
}

export interface MadeVariants {
  /** FP32 first. */
  readonly variants: readonly Variant[];
  /** What could not be made, and why. */
  readonly refusals: readonly string[];
}

export interface VariantParts {
  /** Puts an artifact where the engine can load it; gives its path. */
  readonly save: (digest: Digest, bytes: Uint8Array) => Promise<string>;
  /** Path of the statistics file. */
  readonly statistics: string;
  readonly budgetPoints: number;
  /** Accuracy of an artifact file; null where no labelled set was given. */
  readonly measure: ((path: string, label: string) => Promise<GoldenAccuracy>) | null;
  /** Called for an artifact that was measured and is not kept. */
  readonly discard: (path: string) => Promise<void>;
}

/**
 * FP32 and the INT8 variants worth measuring on this CPU: with VNNI 8-bit weights, without it (where 8-bit products
 * saturate) 7-bit weights and 8-bit ones beside them. With labelled images each is fitted into the accuracy budget.
 */
export async function makeVariants(
  model: InputModel,
  facts: Pick<HardwareFacts, 'cpu'>,
  parts: VariantParts,
  context: JobContext,
): Promise<MadeVariants> {
  const { save, measure } = parts;
  const fp32 = measure === null ? null : await measure(model.path, 'FP32');
  const variants: Variant[] = [
    {
      name: 'FP32',
      int8: false,
      path: model.path,
      bytes: model.bytes,
      notes: ['the model as it was given'],
      floatConvs: [],
      accuracy: fp32,
    },
  ];
  const refusals: string[] = [];
  const widths = facts.cpu.int8DotProduct === 'none' ? ([7, 8] as const) : ([8] as const);
  for (const weightBits of widths) {
    const name = `INT8 with ${String(weightBits)}-bit weights`;
    const emit = createEmitter(model, facts, { statistics: parts.statistics, calibration: null, weightBits }, context);
    try {
      if (measure !== null && fp32 !== null) {
        const { path, bytes, notes, floatConvs, accuracy } = await fitRecipe(Recipe.int8, fp32, { ...parts, emit, measure });
        variants.push({ name, int8: true, path, bytes, notes, floatConvs, accuracy });
      } else {
        const { bytes, notes, floatConvs } = await emit(Recipe.int8, 0);
        const path = await save(digestOf(bytes), bytes);
        variants.push({ name, int8: true, path, bytes, notes, floatConvs, accuracy: null });
      }
    } catch (error) {
      // A file of another model is the caller's mistake; a model that cannot be quantized is a finding.
      if (!(error instanceof TaktError) || /^(?:Statistics|Engine|Image)/.test(error.code)) throw error;
      refusals.push(`${name} could not be made: ${error.message}`);
    }
  }
  return { variants, refusals };
}

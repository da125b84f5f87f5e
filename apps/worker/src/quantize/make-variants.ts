import { createOrtAdapter } from '@takt/engine-ort';
import { Recipe } from '@takt/engines';
import type { HardwareFacts } from '@takt/hardware';
import { TaktError } from '@takt/kernel';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emitRecipe } from '../emit/emit-recipe.js';
import type { InputModel } from '../golden/input-model.js';
import { createLoadInput } from '../golden/load-input.js';
import type { JobContext } from '../job-context.js';

/** An artifact to be measured. */
export interface Variant {
  readonly name: string;
  readonly int8: boolean;
  readonly path: string;
  readonly bytes: Uint8Array;
  /** What was done to make it. */
  readonly notes: readonly string[];
}

export interface MadeVariants {
  /** FP32 first. */
  readonly variants: readonly Variant[];
  /** What could not be made, and why. */
  readonly refusals: readonly string[];
}

/**
 * FP32 and the INT8 variants worth measuring on this CPU: with VNNI 8-bit weights, without it (where 8-bit products
 * saturate) 7-bit weights and 8-bit ones beside them.
 *
 * @param statistics content of the statistics file.
 */
export async function makeVariants(
  model: InputModel,
  facts: Pick<HardwareFacts, 'cpu'>,
  statistics: string,
  folder: string,
  { clock, progress, signal }: JobContext,
): Promise<MadeVariants> {
  const engine = createOrtAdapter();
  const loadInput = createLoadInput(clock);
  const variants: Variant[] = [{ name: 'FP32', int8: false, path: model.path, bytes: model.bytes, notes: ['the model as it was given'] }];
  const refusals: string[] = [];
  const weights = facts.cpu.int8DotProduct === 'none' ? [7, 8] : [8];
  for (const [done, bits] of weights.entries()) {
    const name = `INT8 with ${String(bits)}-bit weights`;
    progress({ phase: 'emit', done, total: weights.length, message: `making ${name}` });
    try {
      const { bytes, notes } = await emitRecipe({
        modelBytes: model.bytes,
        recipe: Recipe.int8,
        statistics,
        calibrationDir: null,
        sample: 1,
        seed: 0,
        sevenBitWeights: bits === 7,
        engine,
        loadInput,
        onProgress: progress,
        signal,
      });
      const path = join(folder, `int8-${String(bits)}.onnx`);
      await writeFile(path, bytes);
      variants.push({ name, int8: true, path, bytes, notes });
    } catch (error) {
      // A file of another model is the caller's mistake; a model that cannot be quantized is a finding.
      if (!(error instanceof TaktError) || error.code.startsWith('Statistics')) throw error;
      refusals.push(`${name} could not be made: ${error.message}`);
    }
  }
  return { variants, refusals };
}

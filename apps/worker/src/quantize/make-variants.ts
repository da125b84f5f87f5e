import type { QuantizedFormat } from '@takt/contracts';
import type { HardwareFacts } from '@takt/hardware';
import { TaktError } from '@takt/kernel';
import { fitFastest } from '../build/fit-fastest.js';
import type { ChosenForm, TimedFitParts } from '../build/fit-fastest.js';
import type { FitTrail } from '../build/fit-budget.js';
import { isFinding } from '../build/is-finding.js';
import type { EmitParts } from '../emit/emit-parts.js';
import { ownName, ownRecipes, saturates } from '../emit/recipe-emitters.js';
import { formOf } from '../golden/input-model.js';
import type { InputModel } from '../golden/input-model.js';
import type { Quality, QualityMeter } from '../quality/quality.js';

/** An artifact to be timed. */
export interface Variant extends FitTrail {
  readonly name: string;
  readonly int8: boolean;
  readonly path: string;
  readonly bytes: Uint8Array;
  /** What was done to make it. */
  readonly notes: readonly string[];
  /** What the fusion audit found wrong, null when all is fused as intended. */
  readonly auditFailure: string | null;
  readonly quality: Quality;
  readonly choice: ChosenForm<Quality>['choice'];
}

export interface MadeVariants {
  /** FP32 first. */
  readonly variants: readonly Variant[];
  /** What could not be made, and why. */
  readonly refusals: readonly string[];
}

export interface VariantParts extends Omit<TimedFitParts<Quality>, 'measure' | 'budget'> {
  readonly meter: QualityMeter;
  /** Of the INT8 file for ONNX Runtime. */
  readonly format: QuantizedFormat;
}

/** What fitting one artifact needs of them. */
export const fitParts = ({ meter, format: _, ...parts }: VariantParts): TimedFitParts<Quality> => ({
  ...parts,
  budget: meter.gate.budget,
  measure: (path, label) => meter.measure(path, label),
});

/** What is known of an artifact that nothing had to be bought back for. */
export const NO_TRAIL: FitTrail = { reverted: [], revertedLayers: [], steps: [], worst: [] };

/**
 * FP32 and the INT8 variants worth measuring on this CPU: with VNNI 8-bit weights, without it (where 8-bit products
 * saturate) 7-bit weights and 8-bit ones beside them. Each is fitted into the budget.
 */
export async function makeVariants(
  model: InputModel,
  facts: Pick<HardwareFacts, 'cpu'>,
  fp32Quality: Quality,
  emitParts: () => Promise<EmitParts>,
  parts: VariantParts,
): Promise<MadeVariants> {
  const { path, bytes } = model;
  const fp32: Variant = {
    ...NO_TRAIL,
    name: 'FP32',
    int8: false,
    path,
    bytes,
    notes: [formOf(model)],
    auditFailure: null,
    quality: fp32Quality,
    choice: null,
  };
  const variants = [fp32];
  const refusals: string[] = [];
  const own = ownRecipes(emitParts, parts.format);
  for (const weightBits of saturates(facts) ? ([7, 8] as const) : ([8] as const)) {
    const name = ownName(weightBits);
    try {
      variants.push({ name, int8: true, ...(await fitFastest(await own(weightBits), path, fitParts(parts))) });
    } catch (error) {
      // A file of another model is the caller's mistake; a model that cannot be quantized is a finding.
      if (!(error instanceof TaktError) || !isFinding(error)) throw error;
      refusals.push(`${name} could not be made: ${error.message}`);
    }
  }
  return { variants, refusals };
}

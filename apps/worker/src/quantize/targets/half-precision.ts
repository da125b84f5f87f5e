import { Precision } from '@takt/engines';
import { TaktError } from '@takt/kernel';
import { serializeModel } from '@takt/onnx';
import { emitFp16, validateMyriad } from '@takt/quantization';
import { join } from 'node:path';
import { isFinding } from '../../build/is-finding.js';
import { requireRules } from '../../emit/require-rules.js';
import { digestOf } from '../../golden/digest.js';
import type { Quality } from '../../quality/quality.js';
import { once } from '../../process/once.js';
import { NO_TRAIL } from '../make-variants.js';
import { FILES } from './target.js';
import type { MadeTarget, TargetParts } from './target.js';

/** What to give for a target that gets no INT8, with why. */
export type WithoutInt8 = (why: string, worst?: MadeTarget['worst']) => Promise<MadeTarget>;

/**
 * The model in half precision, for engines that run it so and for those whose INT8 is outside the budget: written and checked now, by
 * the rules of the pickiest of its readers, measured when it is first given. A model that has no such form is given as it is.
 */
export function halfPrecision({ emit, fit, fp32, outDir, files }: TargetParts): WithoutInt8 {
  const made = halfOrWhy(emit.source.folded);
  files.set('why' in made ? FILES.fp32 : FILES.fp16, 'why' in made ? emit.source.bytes : made.bytes);
  const measured = once(async (): Promise<Quality> => {
    if ('why' in made) return fp32.quality;
    return fit.meter.measure(await fit.save(digestOf(made.bytes), made.bytes), 'FP16');
  });
  return async (why, worst = []) => {
    const { accuracy, lost } = await measured();
    const { file, precision, words } =
      'why' in made
        ? { file: FILES.fp32, precision: Precision.fp32, words: [`FP32: ${why}`, `FP16 could not be made: ${made.why}`] }
        : { file: FILES.fp16, precision: Precision.fp16, words: [`FP16: ${why}`, ...made.notes] };
    return {
      ...NO_TRAIL,
      worst,
      file: join(outDir, file),
      precision,
      map50: accuracy?.map50 ?? null,
      map50_95: accuracy?.map50_95 ?? null,
      lost,
      latencyMs: null,
      reason: words.join('; '),
    };
  };
}

function halfOrWhy(
  folded: Parameters<typeof emitFp16>[0],
): { readonly bytes: Uint8Array; readonly notes: readonly string[] } | { readonly why: string } {
  try {
    const { model, clipped } = emitFp16(folded);
    requireRules('FP16', validateMyriad(model));
    const notes = clipped.length === 0 ? [] : [`values of ${clipped.join(', ')} were clipped to ±65504`];
    return { bytes: serializeModel(model), notes };
  } catch (error) {
    if (!(error instanceof TaktError) || !isFinding(error)) throw error;
    return { why: error.message };
  }
}

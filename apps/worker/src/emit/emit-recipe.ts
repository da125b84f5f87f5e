import type { QuantizedFormat } from '@takt/contracts';
import type { OrtAdapter } from '@takt/engine-ort';
import { Recipe } from '@takt/engines';
import { TaktError } from '@takt/kernel';
import { parseModel, serializeModel } from '@takt/onnx';
import type { Model } from '@takt/onnx';
import {
  WeightLimit,
  auditFusion,
  emitInt8,
  emitLibraryDefault,
  toQOperator,
  untrainedConvs,
  validateOnnxruntime,
} from '@takt/quantization';
import type { EmittedModel, FusionAudit, Statistics } from '@takt/quantization';
import { cutOf, describeCut } from './describe-cut.js';
import type { ModelSource } from './model-source.js';
import { requireRules } from './require-rules.js';

export interface EmitRequest {
  readonly source: ModelSource;
  readonly recipe: Exclude<Recipe, 'fp32'>;
  readonly statistics: Statistics;
  /** Whether this CPU adds int8 products in a saturating int16 (no VNNI): weights get 7 bits then. */
  readonly sevenBitWeights: boolean;
  /** Recipe `int8`: the first convolutions, which stay in float. Default: as many as are worth trying. */
  readonly front?: readonly string[];
  /** Recipe `int8`: convolutions that stay in float to keep accuracy, by the value they make. Default: none. */
  readonly reverted?: readonly string[];
  /** Recipe `int8`: Q and DQ around operators, or integer operators. Default `qdq`. */
  readonly format?: QuantizedFormat;
  readonly engine: OrtAdapter;
}

export interface EmittedRecipe {
  /** The artifact. Equal requests give equal bytes. */
  readonly bytes: Uint8Array;
  /** What was done, in words for the candidates table. */
  readonly notes: readonly string[];
  /** What the engine makes of the artifact on this CPU. */
  readonly audit: FusionAudit;
}

/**
 * Makes the artifact of one recipe from a model.
 *
 * @throws TaktError `StatisticsDoNotFit` where values were not calibrated, `Int8NotFused` when takt's own recipe does not run in
 * integers on this engine, `DialectViolated`.
 */
export async function emitRecipe(request: EmitRequest): Promise<EmittedRecipe> {
  const { source, recipe, statistics, engine, sevenBitWeights, reverted = [], format = 'qdq' } = request;
  const { model, emitted, notes } = recipe === Recipe.int8 ? emitOwn(request) : emitDefault(source, statistics);
  if (recipe === Recipe.int8) requireRules('onnxruntime', validateOnnxruntime(model, { saturates: sevenBitWeights }));
  const pairs = serializeModel(model);
  const integer = recipe === Recipe.int8 && format === 'qoperator';
  const bytes = integer
    ? serializeModel(toQOperator(model, parseModel(await engine.optimize(pairs, 'extended', 'the quantized model'))))
    : pairs;
  const audit = auditFusion(parseModel(await engine.optimize(bytes, 'all', 'the quantized model')), emitted.integerConvs.length);
  if (recipe === Recipe.int8 && !audit.fused) throw notFused(audit);
  const revertNote = reverted.length === 0 ? [] : [`${String(reverted.length)} convolutions went back to float to keep accuracy`];
  const formatNote = integer ? ['in QOperator format, for ONNX Runtime alone'] : [];
  return { bytes, notes: [...notes, ...formatNote, ...revertNote, auditNote(audit)], audit };
}

interface Emission {
  readonly model: Model;
  readonly emitted: EmittedModel;
  readonly notes: readonly string[];
}

function emitDefault({ folded }: ModelSource, statistics: Statistics): Emission {
  const emitted = emitLibraryDefault(folded, statistics);
  return {
    model: emitted.model,
    emitted,
    notes: ['int8 activations, int8 weights per tensor, ranges from min and max, detection head in float'],
  };
}

/** takt's recipe, cut at the last convolutions where takt can decode what they give. */
function emitOwn({ source, statistics, sevenBitWeights, front = lastFront(source), reverted = [] }: EmitRequest): Emission {
  const { folded, input, head } = source;
  const weightLimit = sevenBitWeights ? WeightLimit.sevenBit : WeightLimit.eightBit;
  const common = `uint8 activations, ${sevenBitWeights ? '7-bit' : '8-bit'} weights per channel, int32 bias, ${frontWords(front)}`;
  const floatConvs = new Set([...ownBase(source, statistics, front), ...reverted]);
  if ('why' in head) {
    const emitted = emitInt8(folded, statistics, { weightLimit, floatConvs });
    const notes =
      source.detector === null ? [`${common} in float`] : [`${common} and detection head in float`, `the head is not cut off: ${head.why}`];
    return { model: emitted.model, emitted, notes };
  }
  const emitted = emitInt8(folded, statistics, {
    weightLimit,
    floatConvs,
    cut: cutOf(head, head.detector.classes),
    pixelScale: input.pixels.range === 'byte' ? 1 : 1 / 255,
  });
  const floats = emitted.logits.filter(({ scales }) => scales === null).length;
  const kind = floats === 0 ? 'integer' : floats === emitted.logits.length ? 'float' : 'integer and float';
  return {
    model: describeCut(emitted, head, head.detector),
    emitted,
    notes: [`${common} in float, takes image bytes, gives ${kind} logits that takt decodes`],
  };
}

/**
 * What stays in float in takt's recipe for ONNX Runtime: the first convolutions, a detector's last ones where the decode behind them
 * does, and what training left in float.
 */
export const ownBase = (source: ModelSource, statistics: Statistics, front = lastFront(source)): readonly string[] => [
  ...new Set([...front, ...('why' in source.head ? source.detectConvs : []), ...untrainedConvs(source.folded, statistics)]),
];

const lastFront = ({ fronts }: ModelSource): readonly string[] => fronts.at(-1) ?? [];

/** What stays in float at the front, in words. */
export const frontWords = (front: readonly string[]): string =>
  `the first ${front.length === 1 ? 'convolution' : `${String(front.length)} convolutions`}`;

/** What the engine runs in integers, in words. */
export const auditNote = ({ integerConvs, expectedConvs }: FusionAudit): string =>
  `${String(integerConvs)} of ${String(expectedConvs)} quantized convolutions run in integers`;

const notFused = (audit: FusionAudit): TaktError =>
  new TaktError({
    code: 'Int8NotFused',
    message: `the engine runs only ${auditNote(audit)}${audit.unfused.length > 0 ? ` (not ${audit.unfused.slice(0, 3).join(', ')}…)` : ''}`,
    action: 'release the model with the fp32 recipe, and report the model to takt',
    component: 'worker',
    ...(audit.unfused[0] === undefined ? {} : { element: audit.unfused[0] }),
  });

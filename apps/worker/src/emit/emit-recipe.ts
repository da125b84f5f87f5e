import { createHash } from 'node:crypto';
import type { OrtAdapter } from '@takt/engine-ort';
import { Precision, Recipe } from '@takt/engines';
import { TaktError } from '@takt/kernel';
import { FAMILY_PIXELS } from '@takt/evaluation';
import { inspectModel, parseModel, requireDetector, serializeModel } from '@takt/onnx';
import type { Model } from '@takt/onnx';
import { WeightLimit, auditFusion, emitInt8, emitLibraryDefault, parseStatistics, quantizationError } from '@takt/quantization';
import type { EmittedModel, FusionAudit, Statistics } from '@takt/quantization';
import { pickImages } from '../calibrate/calibration-images.js';
import { collectStatistics } from '../calibrate/collect-statistics.js';
import type { LoadInput } from '../calibrate/collect-statistics.js';
import type { ReportProgress } from '../protocol/output.js';
import { cutOf, describeCut } from './describe-cut.js';
import { findHead } from './find-head.js';

export interface EmitRequest {
  readonly modelBytes: Uint8Array;
  readonly recipe: Recipe;
  /** Content of the statistics file (JSON text) or the document itself; null where there is none yet. */
  readonly statistics: string | Statistics | null;
  /** Folder to calibrate from when `statistics` is null. */
  readonly calibrationDir: string | null;
  /** Images to sample from `calibrationDir`, and the seed of the sample. */
  readonly sample: number;
  readonly seed: number;
  /** Whether this CPU adds int8 products in a saturating int16 (no VNNI): weights get 7 bits then. */
  readonly sevenBitWeights: boolean;
  /** Recipe `int8`: how much of the network's end stays in float, see {@link tailOf}. Default 0. */
  readonly tailLevel?: number;
  readonly engine: OrtAdapter;
  readonly loadInput: LoadInput;
  readonly onProgress: ReportProgress;
  readonly signal: AbortSignal;
}

export interface EmittedRecipe {
  /** The artifact. Equal requests give equal bytes. */
  readonly bytes: Uint8Array;
  readonly precision: Precision;
  /** What was done, in words for the candidates table. */
  readonly notes: readonly string[];
  /** What the engine makes of the artifact on this CPU; null for fp32. */
  readonly audit: FusionAudit | null;
  /** Convolutions before the detect convolutions that were left in float, by name. */
  readonly floatConvs: readonly string[];
}

/**
 * Makes the artifact of one recipe from a model.
 *
 * @throws TaktError `StatisticsDoNotFit` for the statistics of another model, `CalibrationMissing` without statistics and
 * calibration folder, `Int8NotFused` when takt's own recipe does not run in integers on this engine; the signal's reason.
 */
export async function emitRecipe(request: EmitRequest): Promise<EmittedRecipe> {
  const { modelBytes, recipe, engine, signal } = request;
  signal.throwIfAborted();
  if (recipe === Recipe.fp32)
    return { bytes: modelBytes, precision: Precision.fp32, notes: ['the model as it was pushed'], audit: null, floatConvs: [] };
  const statistics = await statisticsFor(request);
  const folded = parseModel(await engine.optimize(modelBytes, 'basic', 'the model'));
  signal.throwIfAborted();
  const { model, emitted, notes } =
    recipe === Recipe.int8
      ? await emitOwn(request, folded, statistics)
      : withoutCut(emitLibraryDefault(folded, statistics), [
          'int8 activations, int8 weights per tensor, ranges from min and max, detection head in float',
        ]);
  const bytes = serializeModel(model);
  const audit = await auditOn(engine, bytes, emitted);
  if (recipe === Recipe.int8 && !audit.fused) throw notFused(audit);
  const { floatConvs } = emitted;
  const tailNote = floatConvs.length === 0 ? [] : [`${String(floatConvs.length)} convolutions before the detection head in float`];
  return { bytes, precision: Precision.int8, notes: [...notes, ...tailNote, auditNote(audit)], audit, floatConvs };
}

interface Emission {
  readonly model: Model;
  readonly emitted: EmittedModel;
  readonly notes: readonly string[];
}

const withoutCut = (emitted: EmittedModel, notes: readonly string[]): Emission => ({ model: emitted.model, emitted, notes });

/** The first layers see three and a few channels: in float they are as fast as in integers, and their error is gone. */
const FLOAT_FRONT = 2;

/** takt's recipe, cut at the last convolutions where takt can decode what they give. */
async function emitOwn(
  { engine, modelBytes, sevenBitWeights, tailLevel = 0 }: EmitRequest,
  folded: Model,
  statistics: Statistics,
): Promise<Emission> {
  const detector = requireDetector(inspectModel(modelBytes));
  const fit = await findHead(engine, folded, detector);
  const { floatDetectConvs, floatTail } = tailOf(tailLevel);
  const weightLimit = sevenBitWeights ? WeightLimit.sevenBit : WeightLimit.eightBit;
  const common = `uint8 activations, ${sevenBitWeights ? '7-bit' : '8-bit'} weights per channel, int32 bias, first ${String(FLOAT_FRONT)} convolutions`;
  if ('why' in fit) {
    const emitted = emitInt8(folded, statistics, { weightLimit, floatDetectConvs: true, floatFront: FLOAT_FRONT, floatTail });
    return withoutCut(emitted, [`${common} and detection head in float`, `the head is not cut off: ${fit.why}`]);
  }
  const emitted = emitInt8(folded, statistics, {
    weightLimit,
    floatDetectConvs,
    floatFront: FLOAT_FRONT,
    floatTail,
    cut: cutOf(fit, detector.classes),
    pixelScale: FAMILY_PIXELS[detector.family].range === 'byte' ? 1 : 1 / 255,
  });
  return {
    model: describeCut(emitted, fit, detector),
    emitted,
    notes: [`${common} in float, takes image bytes, gives ${floatDetectConvs ? 'float' : 'integer'} logits that takt decodes`],
  };
}

/**
 * What a level leaves in float at the end of the network: nothing; the last convolutions themselves; those and one, two … convolutions
 * before each of them. Each level costs time and buys accuracy where it is cheapest.
 */
export const tailOf = (level: number): { readonly floatDetectConvs: boolean; readonly floatTail: number } => ({
  floatDetectConvs: level > 0,
  floatTail: Math.max(0, level - 1),
});

async function statisticsFor({
  statistics,
  modelBytes,
  calibrationDir,
  sample,
  seed,
  engine,
  loadInput,
  onProgress,
  signal,
}: EmitRequest): Promise<Statistics> {
  if (statistics !== null) {
    const document = typeof statistics === 'string' ? parseStatistics(statistics) : statistics;
    const model = `sha256:${createHash('sha256').update(modelBytes).digest('hex')}`;
    if (document.model !== model) {
      throw quantizationError(
        'StatisticsDoNotFit',
        `the statistics file belongs to model ${document.model}, not to ${model}`,
        document.model,
      );
    }
    return document;
  }
  if (calibrationDir === null) {
    throw new TaktError({
      code: 'CalibrationMissing',
      message: 'this recipe needs a statistics file or a calibration folder, and the job names neither',
      action: 'name a calibration set',
      component: 'worker',
    });
  }
  const images = await pickImages(calibrationDir, sample, seed, signal);
  return collectStatistics(modelBytes, images, { sample, seed }, { engine, loadInput }, onProgress, signal);
}

async function auditOn(engine: OrtAdapter, bytes: Uint8Array, { integerConvs }: EmittedModel): Promise<FusionAudit> {
  return auditFusion(parseModel(await engine.optimize(bytes, 'all', 'the quantized model')), integerConvs.length);
}

const auditNote = ({ integerConvs, expectedConvs }: FusionAudit): string =>
  `${String(integerConvs)} of ${String(expectedConvs)} quantized convolutions run in integers`;

const notFused = (audit: FusionAudit): TaktError =>
  new TaktError({
    code: 'Int8NotFused',
    message: `the engine runs only ${auditNote(audit)}${audit.unfused.length > 0 ? ` (not ${audit.unfused.slice(0, 3).join(', ')}…)` : ''}`,
    action: 'release the model with the fp32 recipe, and report the model to takt',
    component: 'worker',
    ...(audit.unfused[0] === undefined ? {} : { element: audit.unfused[0] }),
  });

import { createHash } from 'node:crypto';
import type { OrtAdapter } from '@takt/engine-ort';
import { Precision, Recipe } from '@takt/engines';
import { TaktError } from '@takt/kernel';
import { parseModel, serializeModel } from '@takt/onnx';
import { WeightLimit, auditFusion, emitInt8, emitLibraryDefault, parseStatistics, quantizationError } from '@takt/quantization';
import type { EmittedModel, FusionAudit, Statistics } from '@takt/quantization';
import { pickImages } from '../calibrate/calibration-images.js';
import { collectStatistics } from '../calibrate/collect-statistics.js';
import type { LoadInput } from '../calibrate/collect-statistics.js';
import type { ReportProgress } from '../protocol/output.js';

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
  /** Recipe `int8`: so many convolutions before each detect convolution stay in float. Default 0. */
  readonly floatTail?: number;
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
  const emitted = recipe === Recipe.int8 ? emitInt8(folded, statistics, int8Options(request)) : emitLibraryDefault(folded, statistics);
  const bytes = serializeModel(emitted.model);
  const audit = await auditOn(engine, bytes, emitted);
  if (recipe === Recipe.int8 && !audit.fused) throw notFused(audit);
  const { floatConvs } = emitted;
  const tailNote = floatConvs.length === 0 ? [] : [`${String(floatConvs.length)} convolutions before the detection head in float`];
  return { bytes, precision: Precision.int8, notes: [...recipeNotes(request), ...tailNote, auditNote(audit)], audit, floatConvs };
}

/** The first layers see three and a few channels: in float they are as fast as in integers, and their error is gone. */
const FLOAT_FRONT = 2;

const int8Options = ({ sevenBitWeights, floatTail = 0 }: EmitRequest): Parameters<typeof emitInt8>[2] => ({
  weightLimit: sevenBitWeights ? WeightLimit.sevenBit : WeightLimit.eightBit,
  floatDetectConvs: true,
  floatFront: FLOAT_FRONT,
  floatTail,
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

const recipeNotes = ({ recipe, sevenBitWeights }: EmitRequest): string[] =>
  recipe === Recipe.int8
    ? [
        `uint8 activations, ${sevenBitWeights ? '7-bit' : '8-bit'} weights per channel, int32 bias, first ${String(FLOAT_FRONT)} convolutions and detection head in float`,
      ]
    : ['int8 activations, int8 weights per tensor, ranges from min and max, detection head in float'];

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

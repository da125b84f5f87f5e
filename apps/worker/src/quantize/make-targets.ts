import { createOrtAdapter } from '@takt/engine-ort';
import { Precision, Recipe } from '@takt/engines';
import type { HardwareFacts } from '@takt/hardware';
import { TaktError } from '@takt/kernel';
import { parseModel, serializeModel } from '@takt/onnx';
import type { Model } from '@takt/onnx';
import {
  WeightLimit,
  emitFp16,
  emitInt8,
  emitOpenvino,
  emitTensorrt,
  emitTensorrtCalibrated,
  myriadHasNoInt8,
  parseStatistics,
  tensorrtFlags,
  validateMyriad,
  validateOpenvino,
  validateTensorrt,
} from '@takt/quantization';
import type { EmittedModel, Statistics, Violation } from '@takt/quantization';
import { join } from 'node:path';
import { readStatistics } from '../build/emitter.js';
import { fitRecipe, pointsLost } from '../build/fit-recipe.js';
import type { BuiltArtifact, EmitRecipe } from '../build/fit-recipe.js';
import { digestOf } from '../golden/digest.js';
import type { InputModel } from '../golden/input-model.js';
import type { GoldenAccuracy } from '../golden/measure-accuracy.js';
import type { JobContext } from '../job-context.js';
import type { VariantParts } from './make-variants.js';

/** Where a model may go besides this machine's ONNX Runtime. */
export type ForeignTarget = 'openvino' | 'tensorrt' | 'myriad';

export interface MadeTarget {
  readonly file: string;
  readonly precision: Precision;
  readonly map50: number | null;
  readonly map50_95: number | null;
  /** Null where the engine was not run. */
  readonly latencyMs: number | null;
  readonly reverted: readonly string[];
  readonly reason: string;
}

/** Content by file name, written when everything is made. */
export type TargetFiles = Map<string, Uint8Array | string>;

export interface MadeTargets {
  readonly targets: Readonly<Record<string, MadeTarget>>;
  readonly files: TargetFiles;
}

const FILES = {
  openvino: 'openvino.onnx',
  fp16: 'fp16.onnx',
  tensorrt: { explicit: 'tensorrt.onnx', fp32: 'tensorrt.fp32.onnx', calibration: 'tensorrt.calib', flags: 'tensorrt.flags.json' },
} as const;

/** The first layers see few channels, and their error runs through the whole network. */
const FLOAT_FRONT = 2;

/** What a level leaves in float: the last convolutions; the first ones too; and then more before the last ones. */
function endsOf(level: number): { readonly floatDetectConvs: true; readonly floatFront: number; readonly floatTail: number } {
  return { floatDetectConvs: true, floatFront: level < 2 ? 0 : FLOAT_FRONT, floatTail: Math.max(0, level - 2) };
}

const NOT_RUN = 'not timed on this machine, which is another than the one it is for';

/**
 * The files for other engines, each in its own dialect and checked against its runtime's rules. Their accuracy is foretold by ONNX
 * Runtime on the same grid of integers; what loses more than the budget goes in half precision, with the reason.
 *
 * @throws TaktError `DialectViolated` where an emitted file breaks a rule, and what the emitters throw.
 */
export async function makeTargets(
  wanted: readonly ForeignTarget[],
  model: InputModel,
  facts: Pick<HardwareFacts, 'cpu'>,
  fp32: GoldenAccuracy | null,
  parts: VariantParts & { readonly outDir: string },
  context: JobContext,
): Promise<MadeTargets> {
  const files: TargetFiles = new Map();
  const targets: Record<string, MadeTarget> = {};
  if (wanted.length === 0) return { targets, files };
  const folded = parseModel(await createOrtAdapter().optimize(model.bytes, 'basic', model.name));
  const statistics = parseStatistics(await readStatistics(parts.statistics));
  context.progress({ phase: 'emit', done: 0, total: wanted.length, message: 'making fp16' });
  const half = emitFp16(folded);
  const halfBytes = serializeModel(half.model);
  files.set(FILES.fp16, halfBytes);
  const halfTarget = async (why: string): Promise<MadeTarget> => {
    const accuracy = parts.measure === null ? null : await parts.measure(await parts.save(digestOf(halfBytes), halfBytes), 'fp16');
    const clipped = half.clipped.length === 0 ? [] : [`values of ${half.clipped.join(', ')} were clipped to ±65504`];
    return {
      file: join(parts.outDir, FILES.fp16),
      precision: Precision.fp16,
      map50: accuracy?.map50 ?? null,
      map50_95: accuracy?.map50_95 ?? null,
      latencyMs: null,
      reverted: [],
      reason: [why, ...clipped].join('; '),
    };
  };
  const made = { folded, statistics, fp32, parts, halfTarget };
  for (const [done, target] of wanted.entries()) {
    context.signal.throwIfAborted();
    context.progress({ phase: 'emit', done, total: wanted.length, message: `making ${target}` });
    if (target === 'myriad') {
      requireRules(target, validateMyriad(half.model));
      targets[target] = await halfTarget(`FP16: ${myriadHasNoInt8().message}`);
    } else if (target === 'openvino') {
      const sevenBit = facts.cpu.int8DotProduct === 'none';
      targets[target] = await fitTarget(target, made, {
        emit: (level) => {
          const emitted = emitOpenvino(folded, statistics, {
            ...endsOf(level),
            weightLimit: sevenBit ? WeightLimit.sevenBit : WeightLimit.eightBit,
          });
          requireRules(target, validateOpenvino(emitted.model));
          return { shipped: emitted, measured: emitted };
        },
        keep: (bytes) => {
          files.set(FILES.openvino, bytes);
          return FILES.openvino;
        },
      });
    } else {
      targets[target] = await fitTarget(target, made, {
        emit: (level) => {
          const options = endsOf(level);
          const emitted = emitTensorrt(folded, statistics, options);
          requireRules(target, validateTensorrt(emitted.model));
          // The same grid in uint8: ONNX Runtime would run the shipped file in float between its Q and DQ.
          return {
            shipped: emitted,
            measured: emitInt8(folded, statistics, { ...options, weightLimit: WeightLimit.eightBit, symmetric: true }),
          };
        },
        keep: (bytes, level) => {
          files.set(FILES.tensorrt.explicit, bytes);
          addTensorrtFiles(files, folded, statistics, level);
          return FILES.tensorrt.explicit;
        },
      });
    }
  }
  return { targets, files };
}

interface Made {
  readonly fp32: GoldenAccuracy | null;
  readonly parts: VariantParts & { readonly outDir: string };
  readonly halfTarget: (why: string) => Promise<MadeTarget>;
}

interface TargetEmitter {
  /** What goes to the engine, and what tells its accuracy on this machine. */
  readonly emit: (level: number) => { readonly shipped: EmittedModel; readonly measured: EmittedModel };
  /** Keeps the bytes of the chosen level; gives the file's name. */
  readonly keep: (bytes: Uint8Array, level: number) => string;
}

/** The INT8 file of a target with as much of its end in float as the budget asks for, or half precision. */
async function fitTarget(target: string, { fp32, parts, halfTarget }: Made, { emit, keep }: TargetEmitter): Promise<MadeTarget> {
  const levels: { readonly bytes: Uint8Array; readonly level: number; readonly digest: string }[] = [];
  const emitLevel: EmitRecipe = (_, level) => {
    const { shipped, measured } = emit(level);
    const bytes = serializeModel(measured.model);
    levels.push({ bytes: serializeModel(shipped.model), level, digest: digestOf(bytes) });
    return Promise.resolve({ bytes, auditFailure: null, floatConvs: shipped.floatConvs, notes: [] });
  };
  let fitted: Pick<BuiltArtifact, 'floatConvs' | 'digest'> & { readonly accuracy: GoldenAccuracy | null };
  if (fp32 === null || parts.measure === null) {
    const { bytes, floatConvs } = await emitLevel(Recipe.int8, 0);
    fitted = { floatConvs, digest: digestOf(bytes), accuracy: null };
  } else {
    fitted = await fitRecipe(Recipe.int8, fp32, { ...parts, emit: emitLevel, measure: parts.measure });
  }
  const { accuracy, floatConvs, digest } = fitted;
  const lost = accuracy === null || fp32 === null ? null : pointsLost(fp32, accuracy);
  if (lost !== null && lost > parts.budgetPoints)
    return halfTarget(
      `FP16: INT8 loses ${lost.toFixed(2)} of ${parts.budgetPoints.toFixed(2)} allowed points of mAP@0.5:0.95 on ${target}'s grid`,
    );
  const chosen = levels.find((each) => each.digest === digest);
  if (chosen === undefined) throw new RangeError('the fitted artifact is one of those that were made');
  const words =
    lost === null
      ? 'accuracy was not measured'
      : `${lost > 0 ? 'loses' : 'gains'} ${Math.abs(lost).toFixed(2)} points of mAP@0.5:0.95, foretold on its grid`;
  return {
    file: join(parts.outDir, keep(chosen.bytes, chosen.level)),
    precision: Precision.int8,
    map50: accuracy?.map50 ?? null,
    map50_95: accuracy?.map50_95 ?? null,
    latencyMs: null,
    reverted: floatConvs,
    reason: `INT8 in ${target}'s dialect ${words}; ${NOT_RUN}`,
  };
}

function addTensorrtFiles(files: TargetFiles, folded: Model, statistics: Statistics, level: number): void {
  const { model, calibration, headLayers } = emitTensorrtCalibrated(folded, statistics, endsOf(level));
  requireRules('tensorrt', validateTensorrt(model));
  files.set(FILES.tensorrt.fp32, serializeModel(model));
  files.set(FILES.tensorrt.calibration, calibration);
  files.set(FILES.tensorrt.flags, `${JSON.stringify(tensorrtFlags(FILES.tensorrt, headLayers), null, 2)}\n`);
}

function requireRules(target: string, violations: readonly Violation[]): void {
  const [first] = violations;
  if (first === undefined) return;
  throw new TaktError({
    code: 'DialectViolated',
    message: `the model cannot be written for ${target}: ${first.element}: ${first.message}${violations.length > 1 ? `, and ${String(violations.length - 1)} more` : ''}`,
    action: `leave ${target} out of --targets, and report the model to takt`,
    component: 'worker',
    element: first.element,
  });
}

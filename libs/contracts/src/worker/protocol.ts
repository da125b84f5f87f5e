import { z } from 'zod';
import { accuracySchema, candidateSchema, engineNameSchema, enginePlanSchema, recipeSchema } from '../engine-plan.js';
import { hardwareFactsSchema, hardwareProfileSchema } from '../hardware.js';
import { threadChoiceSchema } from '../node/desired-state.js';
import { taktErrorSchema } from '../primitives.js';

/**
 * `takt-worker run --job FILE` reads one workerJob (JSON) and prints workerMessage lines (NDJSON) on stdout; logs go to
 * stderr. Exit 0 after a `result`, 1 after an `error`, 130 when cancelled (SIGTERM/SIGINT). Every output file appears whole
 * or not at all. Paths are absolute.
 */
const calibrateJobSchema = z.object({
  kind: z.literal('calibrate'),
  model: z.string(),
  /** Folder, searched recursively for images. */
  calibration: z.string(),
  sample: z.int().positive(),
  seed: z.int().nonnegative(),
  out: z.string(),
});

/** What a model can be quantized for. */
export const quantizeTargetSchema = z.enum(['onnxruntime', 'openvino', 'tensorrt', 'myriad']);
export type QuantizeTarget = z.output<typeof quantizeTargetSchema>;

/** What a model is taken for: by its shapes, one family of detectors, or any network of one image, whose outputs are compared as they are. */
export const modelFamilySchema = z.enum(['auto', 'yolov5', 'yolov8', 'yolox', 'generic']);
export type ModelFamily = z.output<typeof modelFamilySchema>;

/** What the pixels of an image become for a model that is no detector: order of the colours and range; `imagenet` is RGB 0–1, normalized. */
export const imagePixelsSchema = z.enum(['rgb-unit', 'rgb-byte', 'bgr-unit', 'bgr-byte', 'imagenet']);
export type ImagePixels = z.output<typeof imagePixelsSchema>;

/** How quantized operators are written for ONNX Runtime: as Q and DQ nodes around standard ones, or as its own integer operators. */
export const quantizedFormatSchema = z.enum(['qdq', 'qoperator']);
export type QuantizedFormat = z.output<typeof quantizedFormatSchema>;

const quantizeJobSchema = z.object({
  kind: z.literal('quantize'),
  model: z.string(),
  /** Statistics file made before, or null to calibrate first. */
  statistics: z.string().nullable(),
  calibration: z.string().nullable(),
  sample: z.int().positive(),
  seed: z.int().nonnegative(),
  /** data.yaml or COCO JSON of a labelled set; null measures by what FP32 itself gives on calibration images. */
  golden: z.string().nullable(),
  /** Folder of the images of COCO JSON; null looks near the file. */
  goldenImages: z.string().nullable().default(null),
  /** Engines to make files for. This machine's own, onnxruntime, is always made, since everything is compared with it. */
  targets: z.array(quantizeTargetSchema).default(['onnxruntime']),
  accuracyBudgetPoints: z.number(),
  /** Of the INT8 file for ONNX Runtime; every other engine reads Q and DQ. */
  format: quantizedFormatSchema.default('qdq'),
  /** Default `auto`: a detector by its shapes. */
  family: modelFamilySchema.default('auto'),
  /** For family `generic`. */
  pixels: imagePixelsSchema.default('rgb-unit'),
  /** What may be lost where no labelled set is given, in percent: of FP32's own boxes (mAP@0.5:0.95), or of how much outputs vary. */
  outputBudgetPercent: z.number().default(10),
  threads: threadChoiceSchema,
  outDir: z.string(),
});

const buildJobSchema = z.object({
  kind: z.literal('build'),
  model: z.string(),
  statistics: z.string().nullable(),
  /** Calibration folder for recipes that calibrate their own way; null where none does. */
  calibration: z.string().nullable(),
  golden: z.string(),
  recipes: z.array(recipeSchema).min(1),
  threads: threadChoiceSchema,
  accuracyBudgetPoints: z.number(),
  buildCheckWaived: z.boolean(),
  /** Frames of the unpaced pipeline per candidate. */
  frames: z.int().positive(),
  /** Becomes `<outDir>/build.json` (buildResult) and one `<hex digest>.onnx` per kept artifact. */
  outDir: z.string(),
});

const benchmarkJobSchema = z.object({
  kind: z.literal('benchmark'),
  models: z.array(z.string()).min(1),
  /** Engines that run each of them. */
  engines: z.array(engineNameSchema).min(1).default(['onnxruntime']),
  threads: z.array(z.int().nonnegative()).min(1),
  rounds: z.int().positive(),
  iterations: z.int().positive(),
});

const evaluateJobSchema = z.discriminatedUnion('of', [
  z.object({
    kind: z.literal('evaluate'),
    of: z.literal('model'),
    model: z.string(),
    /** data.yaml or COCO JSON. */
    data: z.string(),
    /** Folder of the images of COCO JSON; null looks near the file. */
    images: z.string().nullable().default(null),
    engine: engineNameSchema.default('onnxruntime'),
    threads: z.int().nonnegative(),
  }),
  z.object({ kind: z.literal('evaluate'), of: z.literal('detections'), groundTruth: z.string(), detections: z.string() }),
]);

const probeJobSchema = z.object({ kind: z.literal('probe'), dataDir: z.string() });

export const workerJobSchema = z.union([
  calibrateJobSchema,
  quantizeJobSchema,
  buildJobSchema,
  benchmarkJobSchema,
  evaluateJobSchema,
  probeJobSchema,
]);
export type WorkerJob = z.output<typeof workerJobSchema>;

export const calibrateResultSchema = z.object({
  kind: z.literal('calibrate'),
  statistics: z.string(),
  images: z.int(),
  tensors: z.int(),
  seconds: z.number(),
});

export const buildResultSchema = z.object({
  kind: z.literal('build'),
  plan: enginePlanSchema,
  /** Absolute path of the chosen artifact. */
  artifactPath: z.string(),
  candidates: z.array(candidateSchema),
  fp32: accuracySchema,
  reason: z.string(),
  seconds: z.number(),
});
export type BuildResult = z.output<typeof buildResultSchema>;

/** How the categories of COCO JSON became the model's classes; absent where classes are numbered alike (YOLO data, detections). */
const classesBySchema = z.enum(['name', 'id-order']).optional();

/**
 * What a loss is measured by: points of mAP@0.5:0.95 on labels, percent of FP32's own boxes that are not found again, or percent that
 * outputs are off FP32's.
 */
export const lossMeasureSchema = z.enum(['labels', 'own-boxes', 'outputs']);
export type LossMeasure = z.output<typeof lossMeasureSchema>;

export const quantizeResultSchema = z.object({
  kind: z.literal('quantize'),
  targets: z.record(
    z.string(),
    z.object({
      file: z.string(),
      precision: z.string(),
      map50: z.number().nullable(),
      map50_95: z.number().nullable(),
      /** Against FP32, in the unit of `loss.by`; negative where something is gained, null where the outputs are not finite. */
      lost: z.number().nullable(),
      /** Milliseconds from an image's bytes to its boxes; null where the engine was not run. */
      latencyMs: z.number().nullable(),
      reverted: z.array(z.string()),
      reason: z.string(),
    }),
  ),
  /** How `lost` was measured, the most that may be lost, and on how many images. */
  loss: z.object({ by: lossMeasureSchema, budget: z.number(), images: z.int() }),
  fp32: z.object({ map50: z.number().nullable(), map50_95: z.number().nullable(), latencyMs: z.number() }),
  statistics: z.string(),
  classesBy: classesBySchema,
});

export const benchmarkResultSchema = z.object({
  kind: z.literal('benchmark'),
  rows: z.array(
    z.object({
      model: z.string(),
      engine: z.string(),
      threads: z.int(),
      medianMs: z.number(),
      p95Ms: z.number(),
      ratioToFirst: z.number(),
    }),
  ),
});

/** `stats` are pycocotools' twelve figures in its order; every mAP is a fraction 0–1, −1 where there is nothing to measure. */
export const evaluateResultSchema = z.object({
  kind: z.literal('evaluate'),
  images: z.int(),
  map50: z.number(),
  map50_95: z.number(),
  stats: z.array(z.number()).length(12),
  perClass: z.array(z.object({ name: z.string(), ap50: z.number(), ap: z.number() })),
  groundTruth: z.int(),
  detections: z.int(),
  classesBy: classesBySchema,
});

export const probeResultSchema = z.object({
  kind: z.literal('probe'),
  facts: hardwareFactsSchema,
  profile: hardwareProfileSchema,
  fingerprint: z.string(),
});

export const workerResultSchema = z.discriminatedUnion('kind', [
  calibrateResultSchema,
  quantizeResultSchema,
  buildResultSchema,
  benchmarkResultSchema,
  evaluateResultSchema,
  probeResultSchema,
]);
export type WorkerResult = z.output<typeof workerResultSchema>;

export const workerMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    phase: z.string(),
    done: z.number(),
    total: z.number(),
    etaSeconds: z.number().nullable(),
    message: z.string(),
  }),
  z.object({ type: z.literal('result'), result: workerResultSchema }),
  z.object({ type: z.literal('error'), error: taktErrorSchema }),
]);
export type WorkerMessage = z.output<typeof workerMessageSchema>;

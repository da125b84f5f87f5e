import { z } from 'zod';
import { recipeSchema } from '../engine-plan.js';
import { healthPolicySchema } from '../health.js';
import { threadChoiceSchema } from '../node/desired-state.js';
import {
  artifactRefSchema,
  datasetIdSchema,
  digestSchema,
  lineText,
  modelIdSchema,
  plainText,
  releaseIdSchema,
  slugSchema,
} from '../primitives.js';
import { namedSchema, refSchema } from './envelope.js';

/** What a file is uploaded for: each has its limit, and its first bytes are looked at while they come. */
export const uploadPurposeSchema = z.enum(['file', 'model', 'dataset']);
export type UploadPurpose = z.output<typeof uploadPurposeSchema>;

/** Asked before a file is hashed and sent. */
export const checkUploadSchema = z.object({ sizeBytes: z.int().nonnegative(), as: uploadPurposeSchema.default('file') });

/** Query of an upload; the body is the file's bytes. */
export const uploadQuerySchema = z.object({
  fileName: z
    .string()
    .regex(/^[\w.@+-]{1,200}$/, 'use letters, digits and . _ - @ +')
    .default('file.bin'),
  as: uploadPurposeSchema.default('file'),
});
export const grantQuerySchema = z.object({ grant: z.string().max(1000).optional() });

export const createModelSchema = z.object({
  name: slugSchema,
  version: z.string().regex(/^[\w.+-]{1,64}$/, 'use letters, digits and . _ + -'),
  artifact: digestSchema,
});
export const tensorInfoSchema = z.object({
  name: z.string(),
  type: z.string(),
  /** A number, or a name (or `?`) where the dimension is open. */
  shape: z.array(z.union([z.int(), z.string()])),
});
/** What the bytes say about the model. */
export const modelInfoSchema = z.object({
  opset: z.int(),
  producer: z.string(),
  graphNodes: z.int(),
  inputs: z.array(tensorInfoSchema),
  outputs: z.array(tensorInfoSchema),
  metadata: z.record(z.string(), z.string()),
});
export const modelViewSchema = z.object({
  id: modelIdSchema,
  name: z.string(),
  version: z.string(),
  artifact: artifactRefSchema,
  info: modelInfoSchema,
  createdAt: z.iso.datetime(),
});
export type ModelView = z.output<typeof modelViewSchema>;

export const datasetRoleSchema = z.enum(['calibration', 'golden', 'frames']);
export type DatasetRole = z.output<typeof datasetRoleSchema>;
/** The artifact is a tar of images; a golden set also holds a YOLO layout with its `data.yaml`. */
export const createDatasetSchema = z.object({ name: slugSchema, role: datasetRoleSchema, artifact: digestSchema });
export const datasetViewSchema = z.object({
  id: datasetIdSchema,
  name: z.string(),
  role: datasetRoleSchema,
  artifact: artifactRefSchema,
  images: z.int(),
  createdAt: z.iso.datetime(),
});
export type DatasetView = z.output<typeof datasetViewSchema>;

export const createReleaseSchema = z.object({
  name: slugSchema,
  /** `name@version` or an id. */
  model: refSchema,
  golden: refSchema,
  /** Needed by every int8 recipe. */
  calibration: refSchema.nullable().default(null),
  recipes: z.array(recipeSchema).min(1).max(100).default(['fp32', 'int8']),
  threads: threadChoiceSchema.default('sweep'),
  /** Allowed drop of mAP@0.5:0.95 against FP32, in points. */
  accuracyBudgetPoints: z.number().min(0).max(100).default(0.4),
  /** A reason waives the rule that a candidate slower than FP32 is never built into a plan. */
  waiveBuildCheck: plainText(500).nullable().default(null),
  /** Bounds that differ from the defaults. */
  health: healthPolicySchema.partial().default({}),
  /** Names of hardware profiles it may go to; null is any. */
  profiles: z.array(lineText(200)).min(1).max(1_000).nullable().default(null),
});
export const releaseViewSchema = z.object({
  id: releaseIdSchema,
  name: z.string(),
  model: z.object({ id: modelIdSchema, name: z.string(), version: z.string() }),
  golden: namedSchema,
  calibration: namedSchema.nullable(),
  needsStatistics: z.boolean(),
  recipes: z.array(recipeSchema),
  threads: threadChoiceSchema,
  accuracyBudgetPoints: z.number(),
  buildCheck: z.object({ waived: z.boolean(), reason: z.string().nullable() }),
  health: healthPolicySchema,
  profiles: z.array(z.string()).nullable(),
  createdAt: z.iso.datetime(),
});
export type ReleaseView = z.output<typeof releaseViewSchema>;

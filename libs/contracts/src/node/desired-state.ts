import { z } from 'zod';
import { recipeSchema } from '../engine-plan.js';
import { healthPolicySchema } from '../health.js';
import {
  artifactRefSchema,
  deploymentIdSchema,
  digestSchema,
  jobIdSchema,
  lineIdSchema,
  nodeIdSchema,
  releaseIdSchema,
  slotIdSchema,
  slugSchema,
  timestampSchema,
} from '../primitives.js';
import { FPS_MAX, generationSchema } from '../wire-limits.js';

/** Where a line's frames come from. Frames per second are paced by the source, as a camera would. */
export const frameSourceSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('image-directory'),
    /** Folder on the node; exactly one of `path` and `dataset` is set. */
    path: z.string().optional(),
    /** Data set artifact (a tar of images) that the agent fetches and unpacks. */
    dataset: artifactRefSchema.optional(),
    fps: z.number().positive().max(FPS_MAX),
  }),
]);
export type FrameSource = z.output<typeof frameSourceSchema>;

export const lineConfigSchema = z.object({
  lineId: lineIdSchema,
  /** Instance name of the line's runtime unit: `takt-runtime@<slug>`. */
  slug: slugSchema,
  name: z.string(),
  /** Results per second the line needs at the sink. */
  requiredFps: z.number().nonnegative(),
  source: frameSourceSchema,
});
export type LineConfig = z.output<typeof lineConfigSchema>;

/** Thread choice of a release: the engine's library default, a measured sweep, or fixed counts to try. */
export const threadChoiceSchema = z.union([z.literal('library-default'), z.literal('sweep'), z.array(z.int().positive()).min(1)]);

/** What a node needs of a release. */
export const releaseSpecSchema = z.object({
  releaseId: releaseIdSchema,
  name: z.string(),
  model: z.object({ name: z.string(), version: z.string(), artifact: artifactRefSchema }),
  /** Labelled images (tar of a YOLO layout) that accuracy is measured on. */
  golden: artifactRefSchema,
  /** Calibration images (tar); null where no recipe needs statistics. */
  calibration: artifactRefSchema.nullable(),
  /** Statistics file; null until the calibrate job is done, or where no recipe needs it. */
  statistics: artifactRefSchema.nullable(),
  needsStatistics: z.boolean(),
  recipes: z.array(recipeSchema).min(1),
  threads: threadChoiceSchema,
  /** Allowed drop of mAP@0.5:0.95 against FP32 on the golden set, in points. */
  accuracyBudgetPoints: z.number().min(0).max(100),
  /** When `waived`, a candidate that is slower than FP32 may be built and activated; the reason is kept. */
  buildCheck: z.object({ waived: z.boolean(), reason: z.string().nullable() }),
  health: healthPolicySchema,
});
export type ReleaseSpec = z.output<typeof releaseSpecSchema>;

export const desiredDeploymentSchema = z.object({
  deploymentId: deploymentIdSchema,
  /** Job id under which the node reports this deployment's build. */
  buildJobId: jobIdSchema,
  release: releaseSpecSchema,
  /** Set where it takes another deployment back: the release of before under a new id. */
  revert: z.boolean().optional(),
});

export const desiredSlotSchema = z.object({
  slotId: slotIdSchema,
  line: lineConfigSchema,
  /** What the slot should serve; null takes nothing away from what runs. */
  deployment: desiredDeploymentSchema.nullable(),
});
export type DesiredSlot = z.output<typeof desiredSlotSchema>;

/** A job of its own on this node: statistics of one (model, calibration set). */
export const desiredJobSchema = z.object({
  jobId: jobIdSchema,
  kind: z.literal('calibrate'),
  model: artifactRefSchema,
  calibration: artifactRefSchema,
  sample: z.int().positive(),
  seed: z.int().nonnegative(),
});
export type DesiredJob = z.output<typeof desiredJobSchema>;

export const desiredBodySchema = z.object({
  slots: z.array(desiredSlotSchema),
  jobs: z.array(desiredJobSchema),
});

/**
 * What the control plane wants of one node: the last message on `desiredSubject(nodeId)`.
 * `digest` is SHA-256 over canonicalJson(body). Equal generation with another digest is a conflict that waits for a person.
 */
export const desiredStateSchema = z.object({
  schemaVersion: z.literal(1),
  nodeId: nodeIdSchema,
  /** Identity of the database that issued it; another epoch is a conflict too. */
  epoch: z.uuid(),
  generation: generationSchema,
  digest: digestSchema,
  issuedAt: timestampSchema,
  body: desiredBodySchema,
});
export type DesiredState = z.output<typeof desiredStateSchema>;

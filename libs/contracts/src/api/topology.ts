import { z } from 'zod';
import { enginePlanSchema } from '../engine-plan.js';
import { hardwareFactsSchema, hardwareProfileSchema } from '../hardware.js';
import { slotMetricsSchema } from '../node/heartbeat.js';
import { conditionSchema } from '../node/report.js';
import { lineIdSchema, lineText, nodeIdSchema, siteIdSchema, slotIdSchema, slugSchema } from '../primitives.js';
import { FPS_MAX } from '../wire-limits.js';
import { namedSchema, refSchema } from './envelope.js';

export const createSiteSchema = z.object({ name: slugSchema });
export const siteViewSchema = z.object({ id: siteIdSchema, name: z.string(), createdAt: z.iso.datetime() });
export type SiteView = z.output<typeof siteViewSchema>;

/** Exactly one of `path` (folder on the node) and `dataset` (role `frames`) is set. */
export const sourceInputSchema = z
  .object({
    kind: z.literal('image-directory'),
    path: lineText(4_096).startsWith('/', 'must be the absolute path of a folder on the node').optional(),
    dataset: refSchema.optional(),
    /** Frames per second the source is paced at. */
    fps: z.number().positive().max(FPS_MAX),
  })
  .refine((source) => (source.path === undefined) !== (source.dataset === undefined), 'set exactly one of path and dataset');
export const sourceViewSchema = z.object({
  kind: z.literal('image-directory'),
  path: z.string().nullable(),
  dataset: namedSchema.nullable(),
  fps: z.number(),
});

export const createLineSchema = z.object({
  site: refSchema,
  /** Unique in its site; the line's runtime unit is `takt-runtime@<slug>`. */
  slug: slugSchema,
  /** Name for people; the slug where it is left out. */
  name: lineText(200).optional(),
  /** Results per second the line needs at the sink. */
  requiredFps: z.number().nonnegative().max(10_000),
  source: sourceInputSchema,
});
export const updateLineSchema = z
  .object({
    name: lineText(200),
    requiredFps: z.number().nonnegative().max(10_000),
    source: sourceInputSchema,
  })
  .partial();
export const lineViewSchema = z.object({
  id: lineIdSchema,
  site: z.string(),
  slug: z.string(),
  name: z.string(),
  requiredFps: z.number(),
  source: sourceViewSchema,
  createdAt: z.iso.datetime(),
});
export type LineView = z.output<typeof lineViewSchema>;

/** One model served on one line by one node. */
export const createSlotSchema = z.object({
  line: refSchema,
  node: refSchema,
  /** Name of the model, without a version. */ model: slugSchema,
});
const deploymentRefSchema = z.object({ deploymentId: z.uuid(), release: z.string(), state: z.string() });
export const slotViewSchema = z.object({
  id: slotIdSchema,
  site: z.string(),
  line: namedSchema,
  node: namedSchema,
  model: z.string(),
  requiredFps: z.number(),
  /** What desired state names. */
  target: deploymentRefSchema.nullable(),
  /** The last committed deployment; what a failed one goes back to. */
  active: deploymentRefSchema.nullable(),
  /** What the node said it serves. */
  serving: z.object({ deploymentId: z.uuid().nullable(), plan: enginePlanSchema.nullable(), at: z.iso.datetime() }).nullable(),
  metrics: slotMetricsSchema.nullable(),
});
export type SlotView = z.output<typeof slotViewSchema>;

export const nodeViewSchema = z.object({
  id: nodeIdSchema,
  name: z.string(),
  site: z.string(),
  hostname: z.string(),
  online: z.boolean(),
  lastSeenAt: z.iso.datetime().nullable(),
  joinedAt: z.iso.datetime(),
  agentVersion: z.string().nullable(),
  rssMiB: z.number().nullable(),
  fingerprint: z.string().nullable(),
  profile: hardwareProfileSchema.nullable(),
  facts: hardwareFactsSchema.nullable(),
  conditions: z.array(conditionSchema),
  desiredGeneration: z.int(),
  observedGeneration: z.int(),
  /** Highest report number applied to the database. */
  confirmedSeq: z.int(),
});
export type NodeView = z.output<typeof nodeViewSchema>;

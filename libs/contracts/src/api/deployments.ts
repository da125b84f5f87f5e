import { z } from 'zod';
import { enginePlanSchema } from '../engine-plan.js';
import { healthReportSchema } from '../health.js';
import { deploymentStateSchema, jobReportSchema, jobStateSchema } from '../node/report.js';
import { deploymentIdSchema, jobIdSchema, taktErrorSchema } from '../primitives.js';
import { namedSchema, pageSchema, refQuery, refSchema } from './envelope.js';

/** One deployment per slot concerned: exactly one of `slot`, `node`, `line` is set. */
export const createDeploymentsSchema = z
  .object({ release: refSchema, slot: refSchema.optional(), node: refSchema.optional(), line: refSchema.optional() })
  .refine(
    (body) => [body.slot, body.node, body.line].filter((ref) => ref !== undefined).length === 1,
    'set exactly one of slot, node and line',
  );

export const deploymentQuerySchema = pageSchema.extend({
  slot: refQuery,
  node: refQuery,
  line: refQuery,
  state: deploymentStateSchema.optional(),
});

export const deploymentViewSchema = z.object({
  id: deploymentIdSchema,
  slotId: z.uuid(),
  site: z.string(),
  node: namedSchema,
  line: namedSchema,
  release: namedSchema,
  state: deploymentStateSchema,
  reason: z.string().nullable(),
  message: z.string(),
  /** What the slot goes back to when this one does not stay. */
  previousDeploymentId: z.uuid().nullable(),
  buildJobId: z.uuid(),
  /** The rollout it is part of; null for one that was made by itself. */
  rollout: namedSchema.nullable(),
  /** The deployment it takes back; null for every other. */
  revertOf: z.uuid().nullable(),
  plan: enginePlanSchema.nullable(),
  health: healthReportSchema.nullable(),
  error: taktErrorSchema.nullable(),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
});
export type DeploymentView = z.output<typeof deploymentViewSchema>;

export const transitionViewSchema = z.object({
  state: deploymentStateSchema,
  at: z.iso.datetime(),
  /** `node:<name>`, `control-plane` or the actor that decided. */
  by: z.string(),
  generation: z.int(),
  reason: z.string().nullable(),
  message: z.string(),
});

export const jobQuerySchema = pageSchema.extend({ node: refQuery, state: jobStateSchema.optional() });
export const jobViewSchema = z.object({
  id: jobIdSchema,
  kind: z.enum(['calibrate', 'build']),
  state: jobStateSchema,
  phase: z.string(),
  progress: z.number(),
  etaSeconds: z.number().nullable(),
  model: z.string(),
  node: namedSchema.nullable(),
  deploymentId: z.uuid().nullable(),
  attempts: z.int(),
  result: jobReportSchema.shape.result,
  error: taktErrorSchema.nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type JobView = z.output<typeof jobViewSchema>;

export const deploymentDetailSchema = deploymentViewSchema.extend({
  transitions: z.array(transitionViewSchema),
  build: jobViewSchema.nullable(),
  calibration: jobViewSchema.nullable(),
});
export type DeploymentDetail = z.output<typeof deploymentDetailSchema>;

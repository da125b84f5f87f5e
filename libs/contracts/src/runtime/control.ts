import { z } from 'zod';
import { enginePlanSchema, accuracySchema } from '../engine-plan.js';
import { healthPolicySchema, healthReportSchema, serviceTimeSchema } from '../health.js';
import { lineConfigSchema } from '../node/desired-state.js';
import { deploymentIdSchema, slotIdSchema, taktErrorSchema, timestampSchema } from '../primitives.js';

/**
 * The runtime's control socket: HTTP with JSON over the Unix socket `<data>/lines/<slug>/control.sock`.
 * GET /v1/status → runtimeStatus · PUT /v1/line ← lineAssignment · PUT /v1/activation ← activation (202; idempotent by
 * deploymentId) · POST /v1/rollback. Errors are problem+json made from a TaktErrorData.
 */
export const lineAssignmentSchema = z.object({
  slotId: slotIdSchema,
  /** As in desired state, but the source is always a folder on this node. */
  line: lineConfigSchema,
});
export type LineAssignment = z.output<typeof lineAssignmentSchema>;

export const activationSchema = z.object({
  deploymentId: deploymentIdSchema,
  releaseName: z.string(),
  plan: enginePlanSchema,
  /** Absolute path of the artifact on this node. */
  artifactPath: z.string(),
  /** Accuracy of the artifact and its drop against FP32, as the build measured it on this box. */
  accuracy: accuracySchema,
  dropPoints: z.number(),
  accuracyBudgetPoints: z.number(),
  health: healthPolicySchema,
});
export type Activation = z.output<typeof activationSchema>;

export const candidatePhaseSchema = z.enum(['warming', 'comparing', 'solo']);

export const activationOutcomeSchema = z.object({
  deploymentId: deploymentIdSchema,
  outcome: z.enum(['committed', 'rolled-back', 'failed']),
  reason: z.string().nullable(),
  message: z.string(),
  health: healthReportSchema.nullable(),
  error: taktErrorSchema.nullable(),
  at: timestampSchema,
});
export type ActivationOutcome = z.output<typeof activationOutcomeSchema>;

export const runtimeStatusSchema = z.object({
  slotId: slotIdSchema.nullable(),
  line: lineConfigSchema.nullable(),
  startedAt: timestampSchema,
  serving: z.object({ deploymentId: deploymentIdSchema, releaseName: z.string(), plan: enginePlanSchema, enginePid: z.int() }).nullable(),
  candidate: z.object({ deploymentId: deploymentIdSchema, phase: candidatePhaseSchema, attempts: z.int(), framesDone: z.int(), framesWanted: z.int() }).nullable(),
  /** Ended activations, oldest first; kept across restarts (the last 20). */
  outcomes: z.array(activationOutcomeSchema),
  metrics: z.object({
    windowSeconds: z.number(),
    deliveredFps: z.number().nullable(),
    serviceTime: serviceTimeSchema.nullable(),
    framesTaken: z.int(),
    framesDelivered: z.int(),
    framesDropped: z.int(),
    errors: z.int(),
    engineRestarts: z.int(),
  }),
});
export type RuntimeStatus = z.output<typeof runtimeStatusSchema>;

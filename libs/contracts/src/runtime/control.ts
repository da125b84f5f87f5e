import { z } from 'zod';
import { enginePlanSchema, accuracySchema } from '../engine-plan.js';
import { healthPolicySchema, healthReportSchema, serviceTimeSchema } from '../health.js';
import { lineConfigSchema } from '../node/desired-state.js';
import { slotCountersSchema } from '../node/heartbeat.js';
import { deploymentIdSchema, slotIdSchema, taktErrorSchema, timestampSchema } from '../primitives.js';

/**
 * The runtime's control socket: HTTP with JSON over the Unix socket `<data>/lines/<slug>/control.sock` (a path of more than 107
 * bytes is reached through `/proc/self/fd/<descriptor of its folder>/control.sock`, on both sides).
 *
 * GET /v1/status → runtimeStatus. The others answer with it too, once the record on disk says what they asked for:
 * - PUT /v1/line ← lineAssignment (200).
 * - PUT /v1/activation ← activation (202). Idempotent by deploymentId: one that serves, is being checked, or was given up on this
 *   line changes nothing. Another one while a check runs takes its place, which ends as `rolled-back` with reason `Superseded`.
 *   One that was committed on this line before comes back without a comparison (reason `ReturnedToKnownEngine`); so does a `revert`
 *   to the engine that serves or served last, though its deployment is a new one.
 * - POST /v1/rollback (202): ends the check that runs, or goes back to the engine committed before, once; the deployment that is
 *   left ends as `rolled-back` with reason `OperatorRollback`.
 *
 * An activation whose policy only reports a breach of speed (`onPerformanceBreach`) and that breaks no other bound is `committed`
 * with reason `BreachReported`; its health has `outcome: 'fail'` and the broken findings.
 * An activation that ends as `rolled-back` has the first bound it broke as its reason (`ServiceTimeP50`, `ServiceTimeP95`,
 * `DeliveredFps`, `ErrorRate`, `Accuracy`, `Attempts`, `Deadline`), or `NotMeasured` where the check ended without a word on the
 * engine: no frame was judged for `deadlineMs` (camera outage), the previous engine kept ending, or the attempts were used up by
 * ends of the runtime alone. The content is as good as untried then. One that `failed` never served, and has the code of its error.
 * Errors are problem+json made from a TaktErrorData.
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
  /** It takes another deployment back. What it goes back to was judged before, and may be the slower one. */
  revert: z.boolean().optional(),
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
  /** Null in a runtime that is older than this field. */
  source: z
    .object({
      /** Why the source of the line, or the one asked for last, cannot be opened or does not answer; null while it shows frames. */
      error: taktErrorSchema.nullable(),
      /** Images of it that cannot be read or decoded now, up to 10 000; they cost their own frames only. */
      unreadable: z.int().nonnegative(),
      /** The first of them. */
      firstUnreadable: taktErrorSchema.nullable(),
    })
    .nullable()
    .default(null),
  startedAt: timestampSchema,
  /** The committed engine while it is loaded and warm; a first engine that is still being checked is only the candidate. */
  serving: z.object({ deploymentId: deploymentIdSchema, releaseName: z.string(), plan: enginePlanSchema, enginePid: z.int() }).nullable(),
  /**
   * Why it is not known what the line serves, and what it waits for: its record is lost and could not be restored. Null in a
   * runtime that knows, and in one that is older than this field.
   */
  recordLost: z.string().nullable().default(null),
  candidate: z
    .object({
      deploymentId: deploymentIdSchema,
      phase: candidatePhaseSchema,
      attempts: z.int(),
      framesDone: z.int(),
      framesWanted: z.int(),
    })
    .nullable(),
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
  /** Null in a runtime that is older than the counters. */
  counters: slotCountersSchema.nullable().default(null),
});
export type RuntimeStatus = z.output<typeof runtimeStatusSchema>;

import { DeploymentState } from '@takt/rollout';
import { z } from 'zod';
import { candidateSchema, enginePlanSchema } from '../engine-plan.js';
import { hardwareFactsSchema, hardwareProfileSchema } from '../hardware.js';
import { healthReportSchema } from '../health.js';
import {
  artifactRefSchema,
  deploymentIdSchema,
  jobIdSchema,
  nodeIdSchema,
  slotIdSchema,
  taktErrorSchema,
  timestampSchema,
} from '../primitives.js';
import { CONDITION_MESSAGE_MAX_LENGTH, generationSchema, seqSchema } from '../wire-limits.js';

export const deploymentStateSchema = z.enum(Object.values(DeploymentState) as [DeploymentState, ...DeploymentState[]]);

/** The box changed or the agent started: what it is. Sent only when the fingerprint or a fact changed. */
export const factsReportSchema = z.object({
  kind: z.literal('facts'),
  facts: hardwareFactsSchema,
  profile: hardwareProfileSchema,
  fingerprint: z.string(),
  agentVersion: z.string(),
});

export const jobStateSchema = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']);
export type JobState = z.output<typeof jobStateSchema>;

/** Progress or the end of a job. A finished build carries its candidates table; a finished calibration its file. */
export const jobReportSchema = z.object({
  kind: z.literal('job'),
  jobId: jobIdSchema,
  jobKind: z.enum(['calibrate', 'build']),
  state: jobStateSchema,
  phase: z.string(),
  /** Fraction 0–1. */
  progress: z.number().min(0).max(1),
  etaSeconds: z.number().nullable(),
  result: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('calibrate'), statistics: artifactRefSchema, images: z.int(), seconds: z.number() }),
      z.object({
        kind: z.literal('build'),
        plan: enginePlanSchema,
        candidates: z.array(candidateSchema),
        reason: z.string(),
        /** True where the node took a finished build from its own disk. */
        reused: z.boolean(),
        seconds: z.number(),
      }),
    ])
    .nullable(),
  error: taktErrorSchema.nullable(),
});

export const deploymentReportSchema = z.object({
  kind: z.literal('deployment'),
  deploymentId: deploymentIdSchema,
  slotId: slotIdSchema,
  generation: generationSchema,
  state: deploymentStateSchema,
  /** Machine reason, e.g. `WaitingForStatistics`, `ServiceTimeP50`, `BuildFailed`; null on an ordinary step. */
  reason: z.string().nullable(),
  message: z.string(),
  health: healthReportSchema.nullable(),
  error: taktErrorSchema.nullable(),
});

/** What a slot serves now; sent when it changes. */
export const slotReportSchema = z.object({
  kind: z.literal('slot'),
  slotId: slotIdSchema,
  activeDeploymentId: deploymentIdSchema.nullable(),
  plan: enginePlanSchema.nullable(),
});

/** A name for programs, as Kubernetes has them in conditions: it becomes part of an event's code. */
const pascalCase = z.string().regex(/^[A-Z][A-Za-z0-9]{0,63}$/, 'has to be PascalCase, 64 characters at most');

export const conditionSchema = z.object({
  /** E.g. `RuntimeReachable`, `DesiredStateAccepted`, `DiskSpace`. */
  type: pascalCase,
  status: z.enum(['true', 'false', 'unknown']),
  reason: pascalCase,
  message: z.string().max(CONDITION_MESSAGE_MAX_LENGTH),
  action: z.string().nullable(),
  since: timestampSchema,
});
export type Condition = z.output<typeof conditionSchema>;

export const conditionReportSchema = z.object({ kind: z.literal('condition'), condition: conditionSchema });

export const reportBodySchema = z.discriminatedUnion('kind', [
  factsReportSchema,
  jobReportSchema,
  deploymentReportSchema,
  slotReportSchema,
  conditionReportSchema,
]);
export type ReportBody = z.output<typeof reportBodySchema>;

/**
 * One report of a node. `seq` counts from 1 per node without gaps and is unique in the database; the agent keeps a report
 * on disk until the control plane confirms that the database has it. `Nats-Msg-Id` is `reportMessageId(report)`.
 */
export const reportSchema = z.object({
  schemaVersion: z.literal(1),
  nodeId: nodeIdSchema,
  seq: seqSchema,
  at: timestampSchema,
  observedGeneration: generationSchema,
  body: reportBodySchema,
});
export type Report = z.output<typeof reportSchema>;

/** What must be right for a report to have a place in the node's order, whatever else is wrong with it. */
export const reportEnvelopeSchema = z.object({ nodeId: nodeIdSchema, seq: seqSchema, body: z.unknown().optional() });

export const reportMessageId = (report: Pick<Report, 'nodeId' | 'seq'>): string => `${report.nodeId}.${String(report.seq)}`;

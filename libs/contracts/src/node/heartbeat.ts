import { z } from 'zod';
import { deploymentIdSchema, nodeIdSchema, slotIdSchema, timestampSchema } from '../primitives.js';

/** Live figures of one slot over the last seconds. */
export const slotMetricsSchema = z.object({
  slotId: slotIdSchema,
  runtimeReachable: z.boolean(),
  activeDeploymentId: deploymentIdSchema.nullable(),
  /** Results per second at the sink. */
  deliveredFps: z.number().nullable(),
  requiredFps: z.number(),
  serviceP50Ms: z.number().nullable(),
  serviceP95Ms: z.number().nullable(),
  serviceP99Ms: z.number().nullable(),
  framesDelivered: z.int().nonnegative(),
  framesDropped: z.int().nonnegative(),
  errors: z.int().nonnegative(),
});
export type SlotMetrics = z.output<typeof slotMetricsSchema>;

/** Core NATS, at most once, every few seconds; batched in memory by the control plane. */
export const heartbeatSchema = z.object({
  schemaVersion: z.literal(1),
  nodeId: nodeIdSchema,
  at: timestampSchema,
  uptimeSeconds: z.number(),
  rssMiB: z.number(),
  observedGeneration: z.int().nonnegative(),
  /** Highest report number the node has made; lets the control plane see that reports are missing. */
  lastSeq: z.int().nonnegative(),
  slots: z.array(slotMetricsSchema),
});
export type Heartbeat = z.output<typeof heartbeatSchema>;

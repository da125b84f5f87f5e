import { HISTOGRAM_BUCKETS } from '@takt/gates';
import { z } from 'zod';
import { deploymentIdSchema, nodeIdSchema, slotIdSchema, timestampSchema } from '../primitives.js';
import { SLOTS_MAX, countSchema, durationMsSchema, generationSchema } from '../wire-limits.js';

const { lowest, highest } = HISTOGRAM_BUCKETS;

/**
 * Counters of one slot's runtime since it started; they only grow. The difference of two readings with the same `since` is what
 * happened between them, exactly, however many readings were lost in between.
 */
export const slotCountersSchema = z.object({
  /** Start of the runtime: names the series. */
  since: timestampSchema,
  /** Monotonic time since then, ms. */
  elapsedMs: durationMsSchema,
  delivered: countSchema,
  dropped: countSchema,
  errors: countSchema,
  /** Service times: pairs of bucket (see `HISTOGRAM_GROWTH` and `HISTOGRAM_BUCKETS`) and count, ascending. */
  serviceTime: z
    .array(z.tuple([z.int().min(lowest).max(highest), countSchema.positive()]))
    .max(highest - lowest + 1)
    .refine(
      (pairs) => pairs.every(([bucket], index) => index === 0 || bucket > (pairs[index - 1]?.[0] ?? bucket)),
      'each bucket once, ascending',
    ),
});
export type SlotCounters = z.output<typeof slotCountersSchema>;

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
  framesDelivered: countSchema,
  framesDropped: countSchema,
  errors: countSchema,
  /** Null where the runtime is not reachable, or is older than the counters. */
  counters: slotCountersSchema.nullable().default(null),
});
export type SlotMetrics = z.output<typeof slotMetricsSchema>;

/** Core NATS, at most once, every few seconds; batched in memory by the control plane. */
export const heartbeatSchema = z.object({
  schemaVersion: z.literal(1),
  nodeId: nodeIdSchema,
  at: timestampSchema,
  uptimeSeconds: z.number(),
  rssMiB: z.number(),
  observedGeneration: generationSchema,
  /** Highest report number the node has made; lets the control plane see that reports are missing. */
  lastSeq: countSchema,
  slots: z.array(slotMetricsSchema).max(SLOTS_MAX),
});
export type Heartbeat = z.output<typeof heartbeatSchema>;

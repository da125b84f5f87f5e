import { z } from 'zod';
import { healthFindingSchema } from '../health.js';
import { namedSchema, pageSchema } from './envelope.js';
import { deploymentViewSchema } from './deployments.js';
import { slotViewSchema } from './topology.js';

/** One entry of the append-only record of what happened. */
export const eventViewSchema = z.object({
  seq: z.int(),
  at: z.iso.datetime(),
  actor: z.string(),
  /** Stable machine code, e.g. `DeploymentRolledBack`. */
  code: z.string(),
  severity: z.enum(['info', 'warning', 'error']),
  message: z.string(),
  object: z.object({ kind: z.string(), id: z.string(), name: z.string() }),
  site: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
});
export type EventView = z.output<typeof eventViewSchema>;
/** `after` takes events with a greater `seq`, oldest first; without it the newest come first. */
export const eventQuerySchema = pageSchema.extend({
  after: z.coerce.number().int().nonnegative().optional(),
  object: z.uuid().optional(),
});
/** Server-sent events: `id` is the event's seq, `event` is `event`, `data` is one eventView. `Last-Event-ID` resumes. */
export const eventStreamQuerySchema = z.object({ after: z.coerce.number().int().nonnegative().optional() });

export const statusSchema = z.object({
  at: z.iso.datetime(),
  epoch: z.uuid(),
  version: z.string(),
  nodes: z.object({ total: z.int(), online: z.int() }),
  jobs: z.object({ queued: z.int(), running: z.int() }),
  /** Files that no model, data set or job names: they are removed after `TAKT_UNREFERENCED_HOURS`. */
  unreferenced: z.object({ files: z.int(), sizeBytes: z.int() }).default({ files: 0, sizeBytes: 0 }),
  slots: z.array(slotViewSchema),
  /** Deployments that have not ended, and the last one of each slot that has. */
  deployments: z.array(deploymentViewSchema),
});
export type StatusView = z.output<typeof statusSchema>;

/** Why something is as it is: a machine reason, the numbers behind it, and one thing to do. */
export const explanationSchema = z.object({
  object: namedSchema.extend({ kind: z.enum(['node', 'deployment', 'rollout', 'gate']) }),
  reason: z.string(),
  summary: z.string(),
  /** Null where nothing needs doing. */
  suggestedAction: z.string().nullable(),
  findings: z.array(healthFindingSchema),
  /** Measured facts by name, with their unit in the name: `serviceP50Ms`, `map50_95`. */
  figures: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
  timeline: z.array(z.object({ at: z.iso.datetime(), code: z.string(), message: z.string() })),
});
export type Explanation = z.output<typeof explanationSchema>;

/** How one part is. `unknown`: nothing is known of it yet. */
export const healthCheckSchema = z.object({
  name: z.string(),
  status: z.enum(['ok', 'degraded', 'failing', 'unknown']),
  /** Stable machine code, e.g. `NoAnswer`. */
  reason: z.string(),
  message: z.string(),
  /** Since when it has been like this. */
  since: z.iso.datetime(),
  /** Measured facts by name, with their unit in the name: `latencyMs`. */
  figures: z.record(z.string(), z.number()),
});
export type HealthCheck = z.output<typeof healthCheckSchema>;

/** `ok` means that every check is ok; what is not known is not ok. */
export const healthViewSchema = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  checks: z.array(healthCheckSchema),
});
export type HealthView = z.output<typeof healthViewSchema>;

/** The process answers; says nothing of its parts. */
export const livenessViewSchema = z.object({ status: z.literal('ok'), version: z.string() });

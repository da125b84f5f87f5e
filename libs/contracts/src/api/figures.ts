import { z } from 'zod';
import { recipeSchema } from '../engine-plan.js';
import { slotMetricsSchema } from '../node/heartbeat.js';
import { lineText, pastedText } from '../primitives.js';

export const sampleQuerySchema = z.object({
  /** How far back, minutes. */
  minutes: z.coerce
    .number()
    .int()
    .min(1)
    .max(7 * 1440)
    .default(30),
  /** Points at most; neighbouring samples are merged. */
  points: z.coerce.number().int().min(10).max(1000).default(180),
});

/** Figures of one slot over one interval; what no sample covers is left out. */
export const samplePointSchema = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  deploymentId: z.uuid().nullable(),
  deliveredFps: z.number(),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  /** Sums of counters, which may lie beyond the whole numbers that are exact. */
  dropped: z.number(),
  errors: z.number(),
});
export const slotSamplesSchema = z.object({
  slotId: z.uuid(),
  requiredFps: z.number(),
  points: z.array(samplePointSchema),
  /** Deployments of the slot that ended in the time shown. */
  marks: z.array(z.object({ at: z.iso.datetime(), deploymentId: z.uuid(), release: z.string(), state: z.string() })),
});
export type SlotSamples = z.output<typeof slotSamplesSchema>;

/** Measured accuracy and speed of one model version: one row per hardware profile and recipe, the newest build of each. */
export const modelFiguresSchema = z.object({
  model: z.object({ id: z.uuid(), name: z.string(), version: z.string() }),
  rows: z.array(
    z.object({
      profile: z.string(),
      recipe: recipeSchema,
      threads: z.int(),
      nodes: z.int(),
      p50Ms: z.number(),
      p95Ms: z.number(),
      capacityFps: z.number(),
      map50: z.number(),
      map50_95: z.number(),
      /** Against FP32 on the same box, points of mAP@0.5:0.95. */
      dropPoints: z.number(),
      chosenOn: z.int(),
      measuredAt: z.iso.datetime(),
    }),
  ),
});
export type ModelFigures = z.output<typeof modelFiguresSchema>;

/** One message of the fleet stream (`event: fleet`): live figures of every slot the caller may see. */
export const fleetFiguresSchema = z.object({
  at: z.iso.datetime(),
  nodes: z.object({ total: z.int(), online: z.int() }),
  slots: z.array(z.object({ slotId: z.uuid(), online: z.boolean(), metrics: slotMetricsSchema.nullable() })),
});
export type FleetFigures = z.output<typeof fleetFiguresSchema>;

/** The console's session: a cookie that page scripts cannot read. Exactly one of the two is set. */
export const createSessionSchema = z
  .object({
    code: pastedText(200).optional(),
    token: pastedText(500).optional(),
    /** Name of the actor where a code is exchanged. */
    name: lineText(100).default('admin'),
  })
  .refine((body) => (body.code === undefined) !== (body.token === undefined), 'set exactly one of code and token');

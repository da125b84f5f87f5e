import type { HealthFinding, HealthPolicy, HealthReport, ServiceTime } from '@takt/gates';
import { z } from 'zod';

export const healthPolicySchema = z.object({
  windowFrames: z.int().min(20).max(100_000),
  maxWindowFrames: z.int().min(20).max(400_000),
  soloFrames: z.int().min(0).max(100_000),
  maxServiceTimeIncrease: z.number().min(0).max(10),
  maxErrorRate: z.number().min(0).max(1),
  maxAttempts: z.int().min(1).max(20),
  deadlineMs: z.int().min(1_000),
  /** Records and nodes from before it was there go back. */
  onPerformanceBreach: z.enum(['roll-back', 'report']).default('roll-back'),
}) satisfies z.ZodType<HealthPolicy>;

export const serviceTimeSchema = z.object({
  frames: z.int().nonnegative(),
  p50Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
}) satisfies z.ZodType<ServiceTime>;

export const healthFindingSchema = z.object({
  code: z.string(),
  held: z.boolean(),
  measured: z.number(),
  bound: z.number(),
  unit: z.string(),
  message: z.string(),
}) satisfies z.ZodType<HealthFinding>;

export const healthReportSchema = z.object({
  outcome: z.enum(['pass', 'fail']),
  previous: serviceTimeSchema.nullable(),
  candidate: serviceTimeSchema.nullable(),
  deliveredFps: z.number().nullable(),
  requiredFps: z.number(),
  errors: z.int().nonnegative(),
  framesDropped: z.int().nonnegative(),
  findings: z.array(healthFindingSchema),
  durationMs: z.number(),
  rollbackMs: z.number().nullable(),
}) satisfies z.ZodType<HealthReport>;

import { EngineName, Precision, Recipe } from '@takt/engines';
import type { Accuracy, Candidate, EnginePlan, Speed, ThreadPolicy } from '@takt/engines';
import { z } from 'zod';
import { digestSchema } from './primitives.js';

export const recipeSchema = z.enum(Object.values(Recipe) as [Recipe, ...Recipe[]]);
export const precisionSchema = z.enum(Object.values(Precision) as [Precision, ...Precision[]]);
export const engineNameSchema = z.enum(Object.values(EngineName) as [EngineName, ...EngineName[]]);

export const threadPolicySchema = z.object({
  intraOp: z.int().nonnegative(),
  spin: z.boolean(),
}) satisfies z.ZodType<ThreadPolicy>;

export const enginePlanSchema = z.object({
  engine: engineNameSchema,
  precision: precisionSchema,
  recipe: recipeSchema,
  threads: threadPolicySchema,
  artifact: digestSchema,
  engineVersion: z.string(),
  fingerprint: z.string(),
}) satisfies z.ZodType<EnginePlan>;

export const accuracySchema = z.object({
  map50: z.number(),
  map50_95: z.number(),
  images: z.int().nonnegative(),
}) satisfies z.ZodType<Accuracy>;

export const speedSchema = z.object({
  p50Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
  capacityFps: z.number(),
  inferenceMs: z.number(),
  frames: z.int().nonnegative(),
}) satisfies z.ZodType<Speed>;

export const candidateSchema = z.object({
  recipe: recipeSchema,
  precision: precisionSchema,
  engine: engineNameSchema,
  threads: threadPolicySchema,
  artifact: digestSchema,
  artifactBytes: z.int().nonnegative(),
  speed: speedSchema,
  accuracy: accuracySchema,
  dropPoints: z.number(),
  verdict: z.enum(['chosen', 'accepted', 'rejected']),
  reason: z.string(),
}) satisfies z.ZodType<Candidate>;

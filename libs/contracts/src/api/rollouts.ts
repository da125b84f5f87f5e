import type { GateFinding, GatePolicy, GateReport, Look } from '@takt/gates';
import { FindingOutcomes, GateOutcome } from '@takt/gates';
import { MemberBucket, RolloutPhase, WaveStep } from '@takt/rollout';
import type { RolloutHold, RolloutPolicy, WaveSize } from '@takt/rollout';
import { z } from 'zod';
import { lineText, nodeIdSchema, plainText, rolloutIdSchema } from '../primitives.js';
import { namedSchema, pageSchema, refSchema } from './envelope.js';

const fraction = z.number().min(0).max(1);
const valuesOf = <T extends string>(union: Readonly<Record<string, T>>): [T, ...T[]] => Object.values(union) as [T, ...T[]];

export const gatePolicySchema = z.object({
  maxServiceTimeP50Increase: z.number().min(0).max(10),
  maxServiceTimeP95Increase: z.number().min(0).max(10),
  maxDeliveredFpsShortfall: fraction,
  maxErrorRate: fraction,
  minFrames: z.int().min(20).max(1_000_000),
  minIntervals: z.int().min(3).max(10_000),
  confidence: z.number().min(0.8).max(0.999),
  maxFailedShare: fraction,
  minMeasuredShare: fraction,
}) satisfies z.ZodType<GatePolicy>;

export const waveSizeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('nodes'), perProfile: z.int().min(1).max(100_000) }),
  z.object({ kind: z.literal('percent'), upTo: z.number().positive().max(100) }),
]) satisfies z.ZodType<WaveSize>;

const gateActionSchema = z.enum(['rollback', 'hold']);
const seconds = z
  .int()
  .min(1)
  .max(30 * 86_400);

export const rolloutPolicySchema = z.object({
  waves: z.array(waveSizeSchema).min(1).max(50),
  maxConcurrent: z.int().min(1).max(100_000),
  maxPerLine: z.int().min(1).max(1_000),
  soakSeconds: seconds,
  maxSoakSeconds: seconds,
  waveDeadlineSeconds: seconds,
  approval: z.enum(['none', 'after-canary', 'every-wave']),
  gate: gatePolicySchema,
  onGate: z.object({ failed: gateActionSchema, inconclusive: gateActionSchema, error: gateActionSchema }),
  localRollback: z.object({
    onPerformanceBreach: z.enum(['roll-back', 'report']),
    /** Why it is off; needed where it is. */
    reason: plainText(500).nullable(),
  }),
}) satisfies z.ZodType<RolloutPolicy>;

/** What differs from the defaults. */
export const rolloutPolicyInputSchema = rolloutPolicySchema
  .omit({ gate: true, onGate: true })
  .partial()
  .extend({ gate: gatePolicySchema.partial().optional(), onGate: rolloutPolicySchema.shape.onGate.partial().optional() });
export type RolloutPolicyInput = z.input<typeof rolloutPolicyInputSchema>;

/** References that one request may list; more are asked for by a list above, such as a site for its nodes. */
const LISTED_AT_MOST = 1_000;

/** Which slots of the release's model take part: all of them, or those that fit every list that is given. */
export const rolloutTargetSchema = z.object({
  sites: z.array(refSchema).min(1).max(LISTED_AT_MOST).optional(),
  lines: z.array(refSchema).min(1).max(LISTED_AT_MOST).optional(),
  nodes: z.array(refSchema).min(1).max(LISTED_AT_MOST).optional(),
  profiles: z.array(lineText(200)).min(1).max(LISTED_AT_MOST).optional(),
});
export type RolloutTarget = z.output<typeof rolloutTargetSchema>;

export const createRolloutSchema = z.object({
  release: refSchema,
  target: rolloutTargetSchema.default({}),
  policy: rolloutPolicyInputSchema.default({}),
  /** Takes the place of unfinished rollouts that share nodes with this one; without it they are an error. */
  supersede: z.boolean().default(false),
});

export const rolloutQuerySchema = pageSchema.extend({ active: z.stringbool().optional(), node: refSchema.optional() });

/** Why an operator acts; kept as an event with the actor. */
export const rolloutIntentSchema = z.object({ reason: plainText(500).nullable().default(null) });
export const changePolicySchema = z.object({ policy: rolloutPolicyInputSchema, reason: plainText(500) });

const countsSchema = z.object({
  total: z.int(),
  ...(Object.fromEntries(valuesOf(MemberBucket).map((bucket) => [bucket, z.int()])) as Record<MemberBucket, z.ZodInt>),
});
export type RolloutCounts = z.output<typeof countsSchema>;

export const rolloutWaveViewSchema = z.object({
  index: z.int(),
  name: z.string(),
  step: z.enum(valuesOf(WaveStep)),
  counts: countsSchema,
  startedAt: z.iso.datetime().nullable(),
  soakingSince: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  approvedBy: z.string().nullable(),
});

export const rolloutHoldSchema = z.object({
  code: z.string(),
  message: z.string(),
  suggestedAction: z.string(),
}) satisfies z.ZodType<RolloutHold>;

export const rolloutViewSchema = z.object({
  id: rolloutIdSchema,
  /** `<release>-<n>`. */
  name: z.string(),
  release: namedSchema,
  model: z.string(),
  phase: z.enum(valuesOf(RolloutPhase)),
  currentWave: z.int(),
  counts: countsSchema,
  waves: z.array(rolloutWaveViewSchema),
  hold: rolloutHoldSchema.nullable(),
  policy: rolloutPolicySchema,
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
});
export type RolloutView = z.output<typeof rolloutViewSchema>;

export const gateFindingSchema = z.object({
  code: z.string(),
  outcome: z.enum(FindingOutcomes),
  against: z.enum(['control and past', 'past', 'required rate', 'policy']),
  measured: z.number().nullable(),
  lower: z.number().nullable(),
  upper: z.number().nullable(),
  bound: z.number(),
  unit: z.enum(['fraction', 'nodes']),
  message: z.string(),
}) satisfies z.ZodType<GateFinding>;

export const gateDistributionSchema = z.object({
  group: z.enum(['updated before', 'updated after', 'control before', 'control after']),
  slots: z.int(),
  /** A sum of counters, which may lie beyond the whole numbers that are exact. */
  frames: z.number(),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  deliveredFps: z.number().nullable(),
  buckets: z.array(z.object({ fromMs: z.number(), toMs: z.number(), share: z.number() })),
});

/** One planned look of a gate; times are seconds after the wave began to soak. */
export const gateLookSchema = z.object({
  number: z.int(),
  planned: z.int(),
  upToSeconds: z.number(),
  /** Null while the soak lasts, when no gate passes. */
  confidenceToPass: fraction.nullable(),
  confidenceToFail: fraction,
  nextAtSeconds: z.number().nullable(),
}) satisfies z.ZodType<Look>;

export const gateReportSchema = z.object({
  outcome: z.enum(valuesOf(GateOutcome)),
  reason: z.string(),
  message: z.string(),
  missing: z.array(z.string()),
  suggestedAction: z.string().nullable(),
  nodes: z.object({
    total: z.int(),
    attempted: z.int(),
    succeeded: z.int(),
    failed: z.int(),
    rolledBack: z.int(),
    measured: z.int(),
    controls: z.int(),
  }),
  findings: z.array(gateFindingSchema),
  /** The planned look that it was found at; null before the first. */
  look: gateLookSchema.nullable(),
  distributions: z.array(gateDistributionSchema),
}) satisfies z.ZodType<GateReport>;

export const gateViewSchema = gateReportSchema.extend({
  id: z.uuid(),
  rollout: namedSchema,
  wave: z.int(),
  profile: z.string(),
  startedAt: z.iso.datetime(),
  decidedAt: z.iso.datetime().nullable(),
  /** `gate`, or the actor who overrode it. */
  decidedBy: z.string().nullable(),
});
export type GateView = z.output<typeof gateViewSchema>;

export const rolloutMemberViewSchema = z.object({
  node: namedSchema,
  site: z.string(),
  lines: z.array(z.string()),
  profile: z.string(),
  wave: z.int(),
  bucket: z.enum(valuesOf(MemberBucket)),
  reason: z.string().nullable(),
  message: z.string(),
  online: z.boolean(),
  /** Its deployments of this rollout, newest first; one that takes it back has `revert`. */
  deployments: z.array(z.object({ id: z.uuid(), state: z.string(), revert: z.boolean() })),
  nodeId: nodeIdSchema,
});
export type RolloutMemberView = z.output<typeof rolloutMemberViewSchema>;

export const rolloutDetailSchema = rolloutViewSchema.extend({
  gates: z.array(gateViewSchema),
  members: z.array(rolloutMemberViewSchema),
});
export type RolloutDetail = z.output<typeof rolloutDetailSchema>;

/** What a rollout would do, without doing it. */
export const rolloutPlanViewSchema = z.object({
  release: namedSchema,
  model: z.string(),
  policy: rolloutPolicySchema,
  waves: z.array(
    z.object({
      index: z.int(),
      name: z.string(),
      nodes: z.array(z.object({ name: z.string(), site: z.string(), profile: z.string(), online: z.boolean() })),
    }),
  ),
  excluded: z.array(z.object({ name: z.string(), site: z.string(), code: z.string(), message: z.string() })),
  /** Unfinished rollouts that share nodes with it. */
  conflicts: z.array(namedSchema),
});
export type RolloutPlanView = z.output<typeof rolloutPlanViewSchema>;

import { activationOutcomeSchema, activationSchema, candidatePhaseSchema } from '@takt/contracts';
import type { ActivationOutcome } from '@takt/contracts';
import type { HealthReport } from '@takt/gates';
import { z } from 'zod';

/** Ended activations that are kept, so that the agent can fetch an outcome after any restart. */
const KEPT_OUTCOMES = 20;

/**
 * What the line serves and what is being tried: `activation.json`. Written before anything acts on it.
 * The runtime owns it while it runs; `takt-activate` changes it before a start.
 */
export const activationRecordSchema = z.object({
  schemaVersion: z.literal(1),
  /** The engine that serves; what a rollback of the candidate goes back to. */
  committed: activationSchema.nullable(),
  /** The engine before it; what an operator's rollback goes back to. */
  previous: activationSchema.nullable(),
  candidate: z
    .object({
      activation: activationSchema,
      /** `check`: its health decides. `return`: it was committed on this line before and is wanted back as it is. */
      kind: z.enum(['check', 'return']),
      /** Starts of the candidate, this one included. */
      attempts: z.int().positive(),
      /** Whether a runtime has the candidate loaded. Still true at a start when the last runtime ended uncleanly. */
      running: z.boolean(),
      phase: candidatePhaseSchema,
      /** Whether a start of it came as far as serving frames of the line. */
      served: z.boolean(),
      /** Time of the check in earlier runs of the runtime, ms. */
      elapsedMs: z.number().nonnegative(),
      /** Of that, the time without progress at the end of the last run, ms. */
      idleMs: z.number().nonnegative().default(0),
      /** Attempts that the candidate's own process cost by ending or hanging; the others were ends of the runtime. */
      hostLosses: z.int().nonnegative().default(0),
      /** What the committed engine delivered before the check, FPS; null where too little was seen of it. */
      previousFps: z.number().nullable().default(null),
    })
    .nullable(),
  /** Oldest first. */
  outcomes: z.array(activationOutcomeSchema),
});
export type ActivationRecord = z.output<typeof activationRecordSchema>;
export type CandidateRecord = NonNullable<ActivationRecord['candidate']>;

export const EMPTY_RECORD: ActivationRecord = { schemaVersion: 1, committed: null, previous: null, candidate: null, outcomes: [] };

export const withOutcome = (record: ActivationRecord, outcome: ActivationOutcome): ActivationRecord => ({
  ...record,
  outcomes: [...record.outcomes, outcome].slice(-KEPT_OUTCOMES),
});

/** How the newest activation of a deployment ended; undefined where none did. */
export const lastOutcome = (record: ActivationRecord, deploymentId: string): ActivationOutcome | undefined =>
  record.outcomes.findLast((outcome) => outcome.deploymentId === deploymentId);

/** A report as the record's schema has it. */
export const asRecorded = (report: HealthReport): NonNullable<ActivationOutcome['health']> => ({
  ...report,
  findings: [...report.findings],
});

import {
  conditionSchema,
  deploymentIdSchema,
  deploymentStateSchema,
  enginePlanSchema,
  jobIdSchema,
  jobStateSchema,
  slotIdSchema,
} from '@takt/contracts';
import type { Condition, Report } from '@takt/contracts';
import { isEnded, isJobEnded } from '@takt/reconcile';
import { z } from 'zod';

/** The last thing reported of each object: what a restarted agent neither repeats nor skips. */
export const ledgerSchema = z.object({
  /** Number of the last report that is in here. */
  seq: z.int().nonnegative(),
  deployments: z.record(deploymentIdSchema, z.object({ slotId: slotIdSchema, state: deploymentStateSchema })),
  jobs: z.record(jobIdSchema, jobStateSchema),
  slots: z.record(slotIdSchema, z.object({ activeDeploymentId: deploymentIdSchema.nullable(), plan: enginePlanSchema.nullable() })),
  conditions: z.record(z.string(), conditionSchema.omit({ since: true })),
  /** Digest of the facts that were reported. */
  facts: z.string().nullable(),
});
export type Ledger = z.output<typeof ledgerSchema>;

export const EMPTY_LEDGER: Ledger = { seq: 0, deployments: {}, jobs: {}, slots: {}, conditions: {}, facts: null };

/** Ended deployments and jobs that are remembered. More would only make the file longer: an ended one is reported once. */
const REMEMBERED = 200;

/**
 * The ledger after a report. A report that is in it already changes nothing.
 *
 * @param wanted ids that are kept however many others have ended
 */
export function ledgerAfter(ledger: Ledger, report: Report, factsDigest: string | null, wanted: ReadonlySet<string>): Ledger {
  if (report.seq <= ledger.seq) return ledger;
  const next = { ...ledger, seq: report.seq };
  const { body } = report;
  switch (body.kind) {
    case 'deployment':
      return {
        ...next,
        deployments: trimmed(
          { ...ledger.deployments, [body.deploymentId]: { slotId: body.slotId, state: body.state } },
          ({ state }, id) => isEnded(state) && !wanted.has(id),
        ),
      };
    case 'job':
      return { ...next, jobs: trimmed({ ...ledger.jobs, [body.jobId]: body.state }, (state, id) => isJobEnded(state) && !wanted.has(id)) };
    case 'slot':
      return { ...next, slots: { ...ledger.slots, [body.slotId]: { activeDeploymentId: body.activeDeploymentId, plan: body.plan } } };
    case 'condition':
      return { ...next, conditions: conditionsAfter(ledger, body.condition) };
    case 'facts':
      return { ...next, facts: factsDigest };
  }
}

/** The ledger after a report took the place of a lost one, which may be older than what the ledger has. */
export const ledgerAfterLoss = (ledger: Ledger, lost: Report): Ledger => ({
  ...ledger,
  seq: Math.max(ledger.seq, lost.seq),
  conditions: lost.body.kind === 'condition' ? conditionsAfter(ledger, lost.body.condition) : ledger.conditions,
});

const conditionsAfter = (ledger: Ledger, { type, status, reason, message, action }: Condition): Ledger['conditions'] => ({
  ...ledger.conditions,
  [type]: { type, status, reason, message, action },
});

function trimmed<T>(all: Record<string, T>, forgettable: (one: T, name: string) => boolean): Record<string, T> {
  const names = Object.keys(all).filter((name) => forgettable(all[name] as T, name));
  const surplus = new Set(names.slice(0, Math.max(0, names.length - REMEMBERED)));
  return surplus.size === 0 ? all : Object.fromEntries(Object.entries(all).filter(([name]) => !surplus.has(name)));
}

/** Whether a condition says something else than the one reported last. Numbers in its message alone do not. */
export const conditionChanged = (ledger: Ledger, condition: Condition): boolean => {
  const before = ledger.conditions[condition.type];
  // A condition that asks for something is worth a report even where it is met.
  if (before === undefined) return condition.status !== 'true' || condition.action !== null;
  return before.status !== condition.status || before.reason !== condition.reason;
};

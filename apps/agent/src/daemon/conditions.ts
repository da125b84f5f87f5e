import type { Condition } from '@takt/contracts';
import type { Clock } from '@takt/kernel';
import type { StepFailure } from '@takt/reconcile';
import { conditionChanged } from '../state/ledger.js';
import type { Reporter } from '../state/reporter.js';

export type ConditionSays = Pick<Condition, 'status' | 'reason' | 'message' | 'action'>;

/** Reports a condition when its status or reason differs from what was reported last. */
export async function reportCondition(reporter: Reporter, clock: Clock, type: string, says: ConditionSays): Promise<void> {
  const condition: Condition = { type, ...says, since: new Date(clock.now()).toISOString() };
  if (conditionChanged(reporter.ledger, condition)) await reporter.report({ kind: 'condition', condition });
}

/** `DiskSpace` is false while a step fails for want of room. */
export function diskCondition(failures: ReadonlyMap<string, StepFailure>): ConditionSays {
  const full = [...failures.values()].find(({ error }) => error.code === 'NoSpaceLeft');
  if (full === undefined) return { status: 'true', reason: 'Enough', message: 'there is room for what is wanted', action: null };
  return { status: 'false', reason: 'NoSpaceLeft', message: full.error.message, action: full.error.action };
}

/** `ReportsComplete` once the database has every report that this node still had. */
export const NOTHING_WAITS: ConditionSays = { status: 'true', reason: 'Confirmed', message: 'the database has every report', action: null };

import { CONDITION_MESSAGE_MAX_LENGTH } from '@takt/contracts';
import type { Condition } from '@takt/contracts';
import type { Clock } from '@takt/kernel';
import type { StepFailure } from '@takt/reconcile';
import { conditionChanged } from '../state/ledger.js';
import { REPORTS_COMPLETE } from '../state/lost-report.js';
import type { Reporter } from '../state/reporter.js';
import type { ConditionSays } from '../state/state-condition.js';

/** Each condition that this agent reports; no other can be reported. A rebuilt ledger knows none of them. */
export const CONDITION_TYPES = [
  'StateIntact',
  REPORTS_COMPLETE,
  'DesiredStateAccepted',
  'RuntimeReachable',
  'SourceReadable',
  'DiskSpace',
  'ClockCorrect',
] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

/** Reports a condition when its status or reason differs from what was reported last. A long message is cut. */
export async function reportCondition(reporter: Reporter, clock: Clock, type: ConditionType, says: ConditionSays): Promise<void> {
  const message =
    says.message.length <= CONDITION_MESSAGE_MAX_LENGTH ? says.message : `${says.message.slice(0, CONDITION_MESSAGE_MAX_LENGTH - 1)}…`;
  const condition: Condition = { type, ...says, message, since: new Date(clock.now()).toISOString() };
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

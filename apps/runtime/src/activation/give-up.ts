import type { Activation, ActivationOutcome } from '@takt/contracts';
import { decidingBound, describeHealth } from '@takt/gates';
import type { HealthReport } from '@takt/gates';
import type { TaktErrorData } from '@takt/kernel';
import { asRecorded, withOutcome } from './record.js';
import type { ActivationRecord } from './record.js';

/** Why a candidate ends without being committed. */
export type GiveUp =
  | { readonly by: 'health'; readonly report: HealthReport }
  | { readonly by: 'error'; readonly error: TaktErrorData }
  | { readonly by: 'request'; readonly reason: 'Superseded' | 'OperatorRollback'; readonly message: string };

/**
 * Ends the candidate: the committed engine stays, or nothing where there is none. A candidate that an error kept from ever
 * serving has `failed`; all else is `rolled-back`, as the deployment's states have it.
 */
export function giveUpCandidate(record: ActivationRecord, why: GiveUp, at: string): ActivationRecord {
  if (record.candidate === null) return record;
  const { activation, served } = record.candidate;
  const outcome = why.by === 'error' && !served ? 'failed' : 'rolled-back';
  return withOutcome({ ...record, candidate: null }, { deploymentId: activation.deploymentId, outcome, at, ...describe(activation, why) });
}

function describe(activation: Activation, why: GiveUp): Pick<ActivationOutcome, 'reason' | 'message' | 'health' | 'error'> {
  switch (why.by) {
    case 'health':
      return {
        reason: decidingBound(why.report, activation.health)?.code ?? null,
        message: describeHealth(why.report),
        health: asRecorded(why.report),
        error: null,
      };
    case 'error':
      return {
        reason: why.error.code,
        message: `Release ${activation.releaseName} could not be loaded: ${why.error.message}`,
        health: null,
        error: why.error,
      };
    case 'request':
      return { reason: why.reason, message: why.message, health: null, error: null };
  }
}

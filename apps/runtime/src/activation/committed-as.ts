import type { Activation, ActivationOutcome } from '@takt/contracts';
import { describeHealth } from '@takt/gates';
import type { HealthReport } from '@takt/gates';
import { asRecorded } from './record.js';

/** How a commit is told; `report` is null where a known engine came back without a check. */
export function committedAs(
  { releaseName }: Activation,
  report: HealthReport | null,
): Pick<ActivationOutcome, 'reason' | 'message' | 'health' | 'error'> {
  if (report === null) {
    const message = `Release ${releaseName} serves again; it was committed on this line before.`;
    return { reason: 'ReturnedToKnownEngine', message, health: null, error: null };
  }
  if (report.outcome === 'pass') {
    const message = `Release ${releaseName} kept every bound of its health check.`;
    return { reason: null, message, health: asRecorded(report), error: null };
  }
  // Nothing went back, so there is no time it took.
  const kept = { ...report, rollbackMs: null };
  const message =
    `Release ${releaseName} broke a bound of speed and stays: the policy leaves the decision to the fleet's gate. ` + describeHealth(kept);
  return { reason: 'BreachReported', message, health: asRecorded(kept), error: null };
}

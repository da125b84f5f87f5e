import type { LineAssignment, RuntimeStatus } from '@takt/contracts';
import type { DeploymentId } from '@takt/kernel';
import type { MachineState } from '../activation/machine-types.js';
import { trialProgress } from '../activation/trial.js';
import type { LedgerCounts } from '../serve/frame-ledger.js';
import type { ServiceWindow } from '../serve/service-window.js';

export interface StatusInput {
  readonly assignment: LineAssignment | undefined;
  readonly startedAt: string;
  readonly state: MachineState;
  readonly pidOf: (deploymentId: DeploymentId) => number | undefined;
  readonly counts: LedgerCounts;
  readonly window: ReturnType<ServiceWindow['read']>;
  readonly errors: number;
  readonly engineRestarts: number;
}

/** The runtime as its control socket shows it. `serving` is the committed engine while it is loaded and warm. */
export function buildStatus(input: StatusInput): RuntimeStatus {
  const { assignment, state, counts, window } = input;
  const { committed, candidate, outcomes } = state.record;
  const pid = committed === null || !state.ready.has(committed.deploymentId) ? undefined : input.pidOf(committed.deploymentId);
  return {
    slotId: assignment?.slotId ?? null,
    line: assignment?.line ?? null,
    startedAt: input.startedAt,
    serving:
      committed === null || pid === undefined
        ? null
        : { deploymentId: committed.deploymentId, releaseName: committed.releaseName, plan: committed.plan, enginePid: pid },
    candidate:
      candidate === null || state.trial === null
        ? null
        : { deploymentId: candidate.activation.deploymentId, phase: state.trial.phase, attempts: candidate.attempts, ...trialProgress(state) },
    outcomes: [...outcomes],
    metrics: {
      ...window,
      framesTaken: counts.taken,
      framesDelivered: counts.delivered,
      framesDropped: counts.dropped,
      errors: input.errors,
      engineRestarts: input.engineRestarts,
    },
  };
}

import type { LineAssignment, RuntimeStatus, SlotCounters } from '@takt/contracts';
import type { DeploymentId } from '@takt/kernel';
import type { MachineState } from '../activation/machine-types.js';
import type { ActivationRecord } from '../activation/record.js';
import { trialProgress } from '../activation/trial.js';
import type { LedgerCounts } from '../serve/frame-ledger.js';
import type { ServiceWindow } from '../serve/service-window.js';

export interface StatusInput {
  readonly assignment: LineAssignment | undefined;
  readonly startedAt: string;
  readonly state: MachineState;
  /** What is told of activations: the record as it is on disk. */
  readonly record: ActivationRecord;
  /** Why the record was lost when the runtime started; null where it was not. */
  readonly recordLost: string | null;
  readonly pidOf: (deploymentId: DeploymentId) => number | undefined;
  readonly counts: LedgerCounts;
  readonly window: ReturnType<ServiceWindow['read']>;
  readonly errors: number;
  /** Monotonic time since the runtime started, ms. */
  readonly elapsedMs: number;
  readonly serviceTime: SlotCounters['serviceTime'];
  readonly engineRestarts: number;
  readonly source: RuntimeStatus['source'];
}

/** The runtime as its control socket shows it. `serving` is the committed engine while it is loaded and warm. */
export function buildStatus(input: StatusInput): RuntimeStatus {
  const { assignment, state, record, counts, window } = input;
  const { committed, outcomes } = record;
  const { candidate } = state.record;
  // While the record of a commit is being written the machine has moved on, but the engine before it is still loaded.
  const isLoaded = committed !== null && (state.ready.has(committed.deploymentId) || state.record !== record);
  const pid = isLoaded ? input.pidOf(committed.deploymentId) : undefined;
  return {
    slotId: assignment?.slotId ?? null,
    line: assignment?.line ?? null,
    source: input.source,
    startedAt: input.startedAt,
    serving:
      committed === null || pid === undefined
        ? null
        : { deploymentId: committed.deploymentId, releaseName: committed.releaseName, plan: committed.plan, enginePid: pid },
    candidate:
      candidate === null || state.trial === null
        ? null
        : {
            deploymentId: candidate.activation.deploymentId,
            phase: state.trial.phase,
            attempts: candidate.attempts,
            ...trialProgress(state),
          },
    recordLost: committed === null && candidate === null ? input.recordLost : null,
    outcomes: [...outcomes],
    metrics: {
      ...window,
      framesTaken: counts.taken,
      framesDelivered: counts.delivered,
      framesDropped: counts.dropped,
      errors: input.errors,
      engineRestarts: input.engineRestarts,
    },
    counters: {
      since: input.startedAt,
      elapsedMs: input.elapsedMs,
      delivered: counts.delivered,
      dropped: counts.dropped,
      errors: input.errors,
      serviceTime: input.serviceTime,
    },
  };
}

import type { GateReport } from '@takt/gates';
import type { NodeId, SlotId } from '@takt/kernel';
import type { MemberObservation } from './member-bucket.js';
import type { Rollout } from './rollout-state.js';

/** What is to be done in the same transaction as the new state is written. */
export type RolloutCommand =
  /** Make a deployment of the release on each of the node's slots. */
  | { readonly type: 'move'; readonly nodeId: NodeId; readonly slotIds: readonly SlotId[] }
  /** Make a deployment of the release before on each slot that the release was moved to. */
  | { readonly type: 'revert'; readonly nodeId: NodeId; readonly slotIds: readonly SlotId[]; readonly reason: string };

/** What happened, for the record. */
export interface RolloutEvent {
  /** `RolloutWaveStarted`, `RolloutGateFailed`, `RolloutHeld`, … */
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'error';
  /** The rest of a sentence that begins with the rollout's name. */
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface RolloutStep {
  readonly rollout: Rollout;
  readonly commands: readonly RolloutCommand[];
  readonly events: readonly RolloutEvent[];
}

/** A gate that was measured just now. */
export interface MeasuredGate {
  readonly profile: string;
  readonly report: GateReport;
}

/** The world as the rows show it at one moment. */
export interface RolloutObservation {
  readonly members: ReadonlyMap<NodeId, MemberObservation>;
  /** Of the current wave, for the profiles that {@link gatesToMeasure} names. */
  readonly gates: readonly MeasuredGate[];
}

/** Collects what a step changes; each decision is a function from one draft to the next. */
export interface Draft {
  readonly rollout: Rollout;
  readonly commands: readonly RolloutCommand[];
  readonly events: readonly RolloutEvent[];
}

export const draftOf = (rollout: Rollout): Draft => ({ rollout, commands: [], events: [] });

export const changed = (draft: Draft, change: Partial<Rollout>): Draft => ({ ...draft, rollout: { ...draft.rollout, ...change } });

export const told = (
  draft: Draft,
  code: string,
  message: string,
  data: Readonly<Record<string, unknown>> = {},
  severity: RolloutEvent['severity'] = 'info',
): Draft => ({ ...draft, events: [...draft.events, { code, message, data, severity }] });

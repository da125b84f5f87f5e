import type { GateReport } from '@takt/gates';
import type { LineId, NodeId, SiteId, SlotId } from '@takt/kernel';
import type { RolloutPolicy } from './rollout-policy.js';

export const RolloutPhase = {
  /** A wave moves, or is measured. */
  running: 'running',
  /** An operator stopped it for now. */
  paused: 'paused',
  /** It stopped by itself and waits for a person; `hold` says why. */
  held: 'held',
  /** A wave passed its gate and the policy asks for a person before the next. */
  awaitingApproval: 'awaiting-approval',
  /** Moved nodes go back to the release before. */
  rollingBack: 'rolling-back',
  /** Every wave passed its gates. */
  succeeded: 'succeeded',
  /** Some hardware profiles have the release, others went back. */
  partial: 'partial',
  /** No node keeps the release. */
  rolledBack: 'rolled-back',
  /** An operator ended it; nodes stay as they are. */
  aborted: 'aborted',
  /** A newer rollout took its place. */
  superseded: 'superseded',
} as const;
export type RolloutPhase = (typeof RolloutPhase)[keyof typeof RolloutPhase];

/** Which phases may follow which. A rollback may also be asked for after the end. */
export const ROLLOUT_TRANSITIONS: Readonly<Record<RolloutPhase, readonly RolloutPhase[]>> = {
  running: ['paused', 'held', 'awaiting-approval', 'rolling-back', 'succeeded', 'partial', 'rolled-back', 'aborted', 'superseded'],
  paused: ['running', 'rolling-back', 'rolled-back', 'aborted', 'superseded'],
  held: ['running', 'rolling-back', 'rolled-back', 'aborted', 'superseded'],
  'awaiting-approval': ['running', 'paused', 'rolling-back', 'rolled-back', 'aborted', 'superseded'],
  'rolling-back': ['rolled-back', 'partial', 'aborted', 'superseded'],
  succeeded: ['rolling-back', 'rolled-back', 'superseded'],
  partial: ['rolling-back', 'rolled-back', 'superseded'],
  aborted: ['rolling-back', 'rolled-back', 'superseded'],
  'rolled-back': [],
  superseded: [],
};

const ENDED: readonly RolloutPhase[] = ['succeeded', 'partial', 'rolled-back', 'aborted', 'superseded'];
/** It decides nothing any more. Nodes that were away may still catch up with one that succeeded. */
export const hasEnded = (phase: RolloutPhase): boolean => ENDED.includes(phase);

/** Where a node stands in a rollout; each node is in exactly one. */
export const MemberBucket = {
  /** Its turn has not come. */
  pending: 'pending',
  /** It is being moved, or goes back. */
  working: 'working',
  /** It cannot be reached; takes no place in the budget, and catches up later. */
  offline: 'offline',
  /** Its turn has come and something else holds it up. */
  deferred: 'deferred',
  succeeded: 'succeeded',
  failed: 'failed',
  /** It went back: by itself, or by the fleet's decision. */
  rolledBack: 'rolled-back',
  /** A newer deployment took its slot. */
  superseded: 'superseded',
  /** It takes no part, and `reason` says why. */
  excluded: 'excluded',
} as const;
export type MemberBucket = (typeof MemberBucket)[keyof typeof MemberBucket];

/** One node of a rollout. */
export interface RolloutMember {
  readonly nodeId: NodeId;
  readonly siteId: SiteId;
  /** Name of its hardware profile; gates judge each profile by itself. */
  readonly profile: string;
  readonly slotIds: readonly SlotId[];
  readonly lineIds: readonly LineId[];
  /** Wave it is planned for; the wave it was moved in, once it was. */
  readonly wave: number;
  readonly bucket: MemberBucket;
  readonly reason: string | null;
  readonly message: string;
  /** When its deployments were made, ms since the epoch; null before. */
  readonly movedAt: number | null;
  /** Set by a failed gate or an operator: it shall go back. */
  readonly revert: { readonly reason: string; readonly startedAt: number | null } | null;
}

export const WaveStep = {
  pending: 'pending',
  moving: 'moving',
  soaking: 'soaking',
  passed: 'passed',
  failed: 'failed',
  /** Ended before its gate. */
  cancelled: 'cancelled',
} as const;
export type WaveStep = (typeof WaveStep)[keyof typeof WaveStep];

export interface RolloutWave {
  readonly index: number;
  /** `canary`, `wave 2`, … */
  readonly name: string;
  readonly step: WaveStep;
  /** Ms since the epoch; null before. */
  readonly startedAt: number | null;
  readonly soakingSince: number | null;
  readonly endedAt: number | null;
  /** Who let it pass without a successful gate, or approved the next; null where nobody had to. */
  readonly approvedBy: string | null;
}

/** The last word on one wave and hardware profile. */
export interface RolloutGate {
  readonly wave: number;
  readonly profile: string;
  readonly report: GateReport;
  readonly startedAt: number;
  readonly decidedAt: number | null;
  /** `gate`, or the actor who overrode it. */
  readonly decidedBy: string | null;
}

/** Why it waits for a person. */
export interface RolloutHold {
  readonly code: string;
  readonly message: string;
  readonly suggestedAction: string;
}

/** Everything that decides what a rollout does next. Rows in the database, and nothing besides. */
export interface Rollout {
  readonly phase: RolloutPhase;
  readonly policy: RolloutPolicy;
  readonly currentWave: number;
  readonly waves: readonly RolloutWave[];
  readonly members: readonly RolloutMember[];
  readonly gates: readonly RolloutGate[];
  readonly hold: RolloutHold | null;
}

import type { RolloutTarget } from '@takt/contracts';
import type { GateReport } from '@takt/gates';
import type { LineId, NodeId, ReleaseId, RolloutId, SiteId, SlotId } from '@takt/kernel';
import type { MemberBucket, RolloutGate, RolloutHold, RolloutMember, RolloutPhase, RolloutPolicy, RolloutWave } from '@takt/rollout';
import { int, json, key, maybe, table, text, time, uuid } from '../schema.js';

/** The rollout's own row; its waves, members and gates are rows of their own. */
export interface RolloutRow {
  readonly id: RolloutId;
  readonly name: string;
  readonly releaseId: ReleaseId;
  readonly model: string;
  readonly phase: RolloutPhase;
  readonly policy: RolloutPolicy;
  readonly target: RolloutTarget;
  readonly currentWave: number;
  readonly hold: RolloutHold | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
  /** Grows with every write; a write names the one it was decided on. */
  readonly generation: number;
  readonly leaseOwner: string | null;
  readonly leaseUntil: Date | null;
}
export interface WaveRow {
  readonly rolloutId: RolloutId;
  readonly index: number;
  readonly name: string;
  readonly step: RolloutWave['step'];
  readonly startedAt: Date | null;
  readonly soakingSince: Date | null;
  readonly endedAt: Date | null;
  readonly approvedBy: string | null;
}
export interface MemberRow {
  readonly rolloutId: RolloutId;
  readonly nodeId: NodeId;
  readonly siteId: SiteId;
  readonly profile: string;
  readonly slotIds: readonly SlotId[];
  readonly lineIds: readonly LineId[];
  readonly wave: number;
  readonly bucket: MemberBucket;
  readonly reason: string | null;
  readonly message: string;
  readonly movedAt: Date | null;
  readonly revertReason: string | null;
  readonly revertStartedAt: Date | null;
  readonly changedAt: Date;
}
export interface GateRow {
  readonly id: string;
  readonly rolloutId: RolloutId;
  readonly wave: number;
  readonly profile: string;
  readonly report: GateReport;
  readonly startedAt: Date;
  readonly decidedAt: Date | null;
  readonly decidedBy: string | null;
}
export type StoredGate = RolloutGate & { readonly id: string; readonly rolloutId: RolloutId };

export const rollouts = table<RolloutRow>('rollouts', {
  id: key(uuid),
  name: text,
  releaseId: uuid,
  model: text,
  phase: text,
  policy: json,
  target: json,
  currentWave: int,
  hold: maybe(json),
  createdBy: text,
  createdAt: time,
  updatedAt: time,
  endedAt: maybe(time),
  generation: int,
  leaseOwner: maybe(text),
  leaseUntil: maybe(time),
});
export const rolloutWaves = table<WaveRow>('rollout_waves', {
  rolloutId: key(uuid),
  index: key(int),
  name: text,
  step: text,
  startedAt: maybe(time),
  soakingSince: maybe(time),
  endedAt: maybe(time),
  approvedBy: maybe(text),
});
export const rolloutMembers = table<MemberRow>('rollout_members', {
  rolloutId: key(uuid),
  nodeId: key(uuid),
  siteId: uuid,
  profile: text,
  slotIds: json,
  lineIds: json,
  wave: int,
  bucket: text,
  reason: maybe(text),
  message: text,
  movedAt: maybe(time),
  revertReason: maybe(text),
  revertStartedAt: maybe(time),
  changedAt: time,
});
export const rolloutGates = table<GateRow>('rollout_gates', {
  id: key(uuid),
  rolloutId: uuid,
  wave: int,
  profile: text,
  report: json,
  startedAt: time,
  decidedAt: maybe(time),
  decidedBy: maybe(text),
});

const ms = (at: Date | null): number | null => at?.getTime() ?? null;
export const date = (at: number | null): Date | null => (at === null ? null : new Date(at));

export const toWave = (row: WaveRow): RolloutWave => ({
  index: row.index,
  name: row.name,
  step: row.step,
  startedAt: ms(row.startedAt),
  soakingSince: ms(row.soakingSince),
  endedAt: ms(row.endedAt),
  approvedBy: row.approvedBy,
});
export const toMember = (row: MemberRow): RolloutMember => ({
  nodeId: row.nodeId,
  siteId: row.siteId,
  profile: row.profile,
  slotIds: row.slotIds,
  lineIds: row.lineIds,
  wave: row.wave,
  bucket: row.bucket,
  reason: row.reason,
  message: row.message,
  movedAt: ms(row.movedAt),
  revert: row.revertReason === null ? null : { reason: row.revertReason, startedAt: ms(row.revertStartedAt) },
});
export const toGate = (row: GateRow): StoredGate => ({
  id: row.id,
  rolloutId: row.rolloutId,
  wave: row.wave,
  profile: row.profile,
  // Reports from before looks were planned have none.
  report: { ...row.report, look: (row.report as Partial<GateReport>).look ?? null },
  startedAt: row.startedAt.getTime(),
  decidedAt: ms(row.decidedAt),
  decidedBy: row.decidedBy,
});
export const waveRow = (rolloutId: RolloutId, wave: RolloutWave): WaveRow => ({
  rolloutId,
  index: wave.index,
  name: wave.name,
  step: wave.step,
  startedAt: date(wave.startedAt),
  soakingSince: date(wave.soakingSince),
  endedAt: date(wave.endedAt),
  approvedBy: wave.approvedBy,
});
export const memberRow = (rolloutId: RolloutId, member: RolloutMember, now: Date): MemberRow => ({
  rolloutId,
  nodeId: member.nodeId,
  siteId: member.siteId,
  profile: member.profile,
  slotIds: member.slotIds,
  lineIds: member.lineIds,
  wave: member.wave,
  bucket: member.bucket,
  reason: member.reason,
  message: member.message,
  movedAt: date(member.movedAt),
  revertReason: member.revert?.reason ?? null,
  revertStartedAt: date(member.revert?.startedAt ?? null),
  changedAt: now,
});

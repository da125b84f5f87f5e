import { assessGate, figuresUntil, isEnough, lookAt } from '@takt/gates';
import type { GateReport, Look, PeriodInterval, SlotFigures } from '@takt/gates';
import { groupBy } from '@takt/kernel';
import type { NodeId, SlotId } from '@takt/kernel';
import type { Deployment, ObservedSlot, SlotSample, Stores } from '@takt/persistence';
import { MemberBucket, currentWaveOf, gateOf, gatesToMeasure, wasMoved, waveNodes } from '@takt/rollout';
import type { MeasuredGate, Rollout, RolloutMember, WaveNodes } from '@takt/rollout';
import { SETTLE_MS, graceSeconds, pastReachMs } from './gate-periods.js';
import type { RolloutRows } from './observe-rollout.js';
import type { Complaint } from '../../reports/node-complaints.js';
import { intervalsOf } from '../../figures/slot-intervals.js';
import type { TimedInterval } from '../../figures/slot-intervals.js';

/** Control nodes that are compared with; more would cost time and change nothing. Members come in the order of their ids, which are random. */
const MOST_CONTROLS = 40;

interface Periods {
  readonly before: { readonly from: number; readonly to: number };
  readonly after: { readonly from: number; readonly to: number };
}

/** Puts what is wrong with a node's figures on record. */
type Complain = (nodeId: NodeId, complaint: Complaint) => void;

/** Measures the gates that the current wave waits for, from the samples of the moved slots and of those that were not moved. */
export async function measureGates(
  stores: Stores,
  rollout: Rollout,
  rows: RolloutRows,
  now: number,
  complain: Complain,
  wanted: readonly string[] = gatesToMeasure(rollout),
): Promise<MeasuredGate[]> {
  const measured: MeasuredGate[] = [];
  for (const profile of wanted) measured.push(await measureGate(stores, rollout, rows, profile, now, complain));
  return measured;
}

async function measureGate(
  stores: Stores,
  rollout: Rollout,
  rows: RolloutRows,
  profile: string,
  now: number,
  complain: Complain,
): Promise<MeasuredGate> {
  const slots = new Map(rows.slots.map((slot) => [slot.slotId, slot]));
  const ofWave = rollout.members.filter((member) => member.profile === profile && member.wave === rollout.currentWave && wasMoved(member));
  const kept = ofWave.filter((member) => member.bucket === MemberBucket.succeeded);
  const since = currentWaveOf(rollout)?.soakingSince ?? now;
  const figuresOf = async (
    members: readonly RolloutMember[],
    periodsOf: (slot: ObservedSlot) => Periods,
    serves: (slot: ObservedSlot) => string | null,
  ): Promise<TimedFigures[]> => {
    const wantedSlots = members.flatMap((member) => member.slotIds).flatMap((id) => slots.get(id) ?? []);
    const periods = new Map(wantedSlots.map((slot) => [slot.slotId, periodsOf(slot)]));
    const all = [...periods.values()];
    if (all.length === 0) return [];
    const [from, to] = [Math.min(...all.map(({ before }) => before.from)), Math.max(...all.map(({ after }) => after.to))];
    const samples = await stores.samples.between([...periods.keys()], new Date(from), new Date(to));
    const bySlot = groupBy(samples, (sample) => sample.slotId);
    return wantedSlots.map((slot) => figures(slot, bySlot, periods.get(slot.slotId), serves(slot), complain));
  };
  const moveOf = (slot: ObservedSlot): string | null =>
    rows.deployments.findLast((deployment) => deployment.slotId === slot.slotId && deployment.revertOf === null)?.id ?? null;
  const starts = kept.map((member) => member.movedAt ?? now);
  const movedAt = starts.length === 0 ? now : Math.min(...starts);
  const reachMs = pastReachMs(rollout.policy, (now - since) / 1000);
  const updated = await figuresOf(kept, (slot) => updatedPeriods(rows.deployments, slot, since, now, reachMs), moveOf);
  const untouched = rollout.members.filter((member) => member.profile === profile && !wasMoved(member));
  const usable = untouched.filter((member) =>
    member.slotIds.some((id) => slots.get(id)?.online === true && slots.get(id)?.activeId !== null),
  );
  const controls = await figuresOf(
    usable.slice(0, MOST_CONTROLS),
    (slot) => ({ before: past(slot, movedAt, slot.activeSince, reachMs), after: { from: since + SETTLE_MS, to: now } }),
    (slot) => slot.activeId,
  );
  const look = nextLook(rollout, updated, since, now);
  const nodes = waveNodes(rollout, profile);
  const known = gateOf(rollout, profile);
  // The same look finds the same: its figures do not change any more, and drawing them again is the expensive part.
  if (known !== undefined && known.startedAt >= since && isSameLook(known.report, look, nodes)) return { profile, report: known.report };
  const at = look?.upToSeconds ?? 0;
  const until = look === null ? now : since + at * 1000;
  const periods = (slots: readonly TimedFigures[]): SlotFigures[] => periodsUpTo(slots, until, pastReachMs(rollout.policy, at));
  const report = assessGate({
    policy: rollout.policy.gate,
    canary: rollout.currentWave === 0,
    updated: periods(updated),
    controls: periods(controls),
    nodes,
    look,
    seed: rollout.currentWave + 1,
  });
  return { profile, report };
}

interface TimedFigures {
  readonly slotId: string;
  readonly nodeId: string;
  readonly requiredFps: number;
  /** When the time before the move ends, ms since the epoch. */
  readonly beforeEnds: number;
  readonly before: readonly TimedInterval[];
  readonly after: readonly TimedInterval[];
}

const upTo = (intervals: readonly TimedInterval[], until: number): PeriodInterval[] =>
  intervals
    .filter(({ to }) => to.getTime() <= until)
    .map((interval) => ({ ...interval, lagSeconds: (until - (interval.from.getTime() + interval.to.getTime()) / 2) / 1000 }));

/** Both periods of the slots: the first one no longer than `reachMs`, the second one up to `until`, ms since the epoch. */
const periodsUpTo = (slots: readonly TimedFigures[], until: number, reachMs: number): SlotFigures[] =>
  slots.map((slot) => ({
    ...slot,
    before: upTo(
      slot.before.filter(({ from }) => from.getTime() >= slot.beforeEnds - reachMs),
      slot.beforeEnds,
    ),
    after: upTo(slot.after, until),
  }));

/** The planned look that the figures of the moved slots have come far enough for; null before the wave soaks. */
function nextLook(rollout: Rollout, updated: readonly TimedFigures[], since: number, now: number): Look | null {
  if ((currentWaveOf(rollout)?.soakingSince ?? null) === null) return null;
  const { policy } = rollout;
  const latest = updated.map((slot) => ((slot.after.at(-1)?.to.getTime() ?? since) - since) / 1000);
  const elapsed = figuresUntil((now - since) / 1000, latest, graceSeconds(policy));
  return lookAt(policy, policy.gate.confidence, elapsed, (seconds) =>
    periodsUpTo(updated, since + seconds * 1000, pastReachMs(policy, seconds)).some((slot) => isEnough(slot, policy.gate)),
  );
}

const isSameLook = (report: GateReport, look: Look | null, nodes: WaveNodes): boolean =>
  look !== null &&
  report.look?.number === look.number &&
  report.nodes.measured === nodes.succeeded &&
  (Object.keys(nodes) as (keyof WaveNodes)[]).every((key) => report.nodes[key] === nodes[key]);

/** A moved slot: its past ends where it was moved, and the time since begins when it had settled on the new engine. */
function updatedPeriods(deployments: readonly Deployment[], slot: ObservedSlot, since: number, now: number, reachMs: number): Periods {
  const move = deployments.findLast((deployment) => deployment.slotId === slot.slotId && deployment.revertOf === null);
  const movedAt = move?.createdAt.getTime() ?? now;
  const servedSince = Math.max(since, move?.endedAt?.getTime() ?? now) + SETTLE_MS;
  return { before: past(slot, movedAt, slot.previousSince, reachMs), after: { from: servedSince, to: now } };
}

/** The time before the move, but not before the slot got the engine that it had then, nor before its line got the source that it has. */
function past(slot: ObservedSlot, movedAt: number, activeSince: Date | null, reachMs: number): Periods['before'] {
  const begun = Math.max(activeSince?.getTime() ?? 0, slot.sourceSince.getTime()) + SETTLE_MS;
  return { from: Math.max(movedAt - reachMs, Math.min(begun, movedAt)), to: movedAt };
}

/** `serves` is what the slot has to have served: figures of an engine that a node went back to by itself say nothing of this one. */
function figures(
  slot: ObservedSlot,
  samples: ReadonlyMap<SlotId, SlotSample[]>,
  periods: Periods | undefined,
  serves: string | null,
  complain: Complain,
): TimedFigures {
  const intervals = intervalsOf(samples.get(slot.slotId) ?? [], (why) => {
    complain(slot.nodeId, {
      code: 'CountersImplausible',
      message: `sends counters of slot ${slot.slotId} that no runtime can have counted: ${why}; gates leave them out`,
      action: 'read the log of the line’s runtime on the node, and run the same takt version on the node and the control plane',
    });
  });
  const within = (period: Periods['after'] | undefined): TimedInterval[] =>
    period === undefined ? [] : intervals.filter(({ from, to }) => from.getTime() >= period.from && to.getTime() <= period.to);
  return {
    slotId: slot.slotId,
    nodeId: slot.nodeId,
    requiredFps: slot.requiredFps,
    beforeEnds: periods?.before.to ?? 0,
    before: within(periods?.before),
    after: within(periods?.after).filter((interval) => interval.deploymentId === serves),
  };
}

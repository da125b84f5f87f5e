import { decideGates } from './decide-gates.js';
import { REVERT_OVERDUE, isSettled, placeMember, wasMoved } from './member-bucket.js';
import { awaitsRevert, moveEligible, promoteCanaries, startReverts } from './move-members.js';
import { newWave } from './plan-waves.js';
import { MemberBucket, RolloutPhase, WaveStep } from './rollout-state.js';
import type { Rollout, RolloutMember, RolloutWave } from './rollout-state.js';
import { changed, draftOf, told } from './rollout-step.js';
import type { Draft, RolloutObservation, RolloutStep } from './rollout-step.js';
import {
  attemptedProfiles,
  awaitingMove,
  currentWaveOf,
  gateOf,
  hasBegun,
  isLost,
  isProfileOut,
  letPass,
  needsApproval,
} from './wave-questions.js';

/**
 * What a rollout does next: a pure function of its rows, of what is seen of its nodes, and of the time (ms since the epoch).
 *
 * It is level-triggered: it looks at where things stand, never at what has just happened, so it may be run again after a crash,
 * by another replica, or twice. Invariants: each node is in one bucket; a node is moved once; no more nodes are at work than the
 * budget allows; a wave begins only after every gate of the one before let it pass; what has ended decides nothing any more.
 */
export function stepRollout(rollout: Rollout, seen: RolloutObservation, now: number): RolloutStep {
  const step = decide(rollout, seen, now);
  return { ...step, rollout: { ...step.rollout, members: unchangedKept(rollout.members, step.rollout.members) } };
}

function decide(rollout: Rollout, seen: RolloutObservation, now: number): Draft {
  const placed = overdue(placeAll(draftOf(rollout), seen), now);
  switch (rollout.phase) {
    case 'running':
      return run(startReverts(placed, seen, now), seen, now);
    case 'rolling-back':
      return goBack(startReverts(placed, seen, now), now);
    case 'paused':
    case 'held':
    case 'awaiting-approval':
      // What a gate has decided is carried out although nothing new begins.
      return startReverts(placed, seen, now);
    case 'succeeded':
      return moveEligible(placed, now, { onlyProved: true });
    case 'partial':
      // Who was away goes back, or catches up, when it is here again.
      return settleEnd(moveEligible(startReverts(placed, seen, now), now, { onlyProved: true }), now);
    case 'rolled-back':
      return startReverts(placed, seen, now);
    case 'aborted':
    case 'superseded':
      return placed;
  }
}

/** A member that came out as it went in stays the same object, so that it costs no write. */
const unchangedKept = (before: readonly RolloutMember[], after: readonly RolloutMember[]): readonly RolloutMember[] =>
  before === after ? after : after.map((member, index) => (isSame(before[index], member) ? (before[index] ?? member) : member));

const isSame = (a: RolloutMember | undefined, b: RolloutMember): boolean =>
  a === b ||
  (a?.nodeId === b.nodeId &&
    a.bucket === b.bucket &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.wave === b.wave &&
    a.movedAt === b.movedAt &&
    a.revert?.reason === b.revert?.reason &&
    a.revert?.startedAt === b.revert?.startedAt);

function placeAll(draft: Draft, seen: RolloutObservation): Draft {
  const { rollout } = draft;
  const members = rollout.members.map((member) => {
    const observation = seen.members.get(member.nodeId);
    return observation === undefined ? member : placeMember(member, observation, hasBegun(rollout, member));
  });
  return members.every((member, index) => member === rollout.members[index]) ? draft : changed(draft, { members });
}

/** A node that goes back for longer than a wave may take counts as failed, so that the rollout comes to its end; it may still arrive. */
function overdue(draft: Draft, now: number): Draft {
  const { policy, members } = draft.rollout;
  const limit = policy.waveDeadlineSeconds * 1000;
  const late = (member: RolloutMember): boolean =>
    member.bucket === MemberBucket.working && now - (member.revert?.startedAt ?? now) >= limit;
  if (!members.some(late)) return draft;
  const message = `has not gone back within ${String(policy.waveDeadlineSeconds)} s; it may still be at it`;
  return changed(draft, {
    members: members.map((member) => (late(member) ? { ...member, bucket: MemberBucket.failed, reason: REVERT_OVERDUE, message } : member)),
  });
}

function run(draft: Draft, seen: RolloutObservation, now: number): Draft {
  const wave = currentWaveOf(draft.rollout);
  if (wave === undefined) return end(draft, now);
  switch (wave.step) {
    case 'pending':
      return run(placeAll(begin(draft, wave, now), seen), seen, now);
    case 'moving':
      return moveWave(decideGates(draft, seen.gates, now), wave, now);
    case 'soaking':
      return finishSoak(decideGates(draft, seen.gates, now), wave, now);
    case 'passed':
    case 'failed':
    case 'cancelled':
      return advance(draft, wave, now);
  }
}

const withWave = (draft: Draft, wave: RolloutWave, change: Partial<RolloutWave>): Draft =>
  changed(draft, { waves: draft.rollout.waves.map((other) => (other.index === wave.index ? { ...other, ...change } : other)) });

function begin(draft: Draft, wave: RolloutWave, now: number): Draft {
  const nodes = draft.rollout.members.filter((member) => member.wave === wave.index && !wasMoved(member) && isWanted(member)).length;
  return told(
    withWave(draft, wave, { step: WaveStep.moving, startedAt: now }),
    'RolloutWaveStarted',
    `begins ${wave.name} with ${String(nodes)} ${nodes === 1 ? 'node' : 'nodes'}`,
    { wave: wave.index, nodes },
  );
}

function moveWave(draft: Draft, wave: RolloutWave, now: number): Draft {
  if (draft.rollout.phase !== RolloutPhase.running) return draft;
  const moved = moveEligible(promoteCanaries(draft), now, { onlyProved: false });
  const { rollout } = moved;
  const atWork = rollout.members.some((member) => member.bucket === MemberBucket.working && member.revert === null);
  const waiting = awaitingMove(rollout).filter((member) => !isLost(rollout, member.profile) && !isSpent(rollout, member.profile));
  const late = wave.startedAt !== null && now - wave.startedAt >= rollout.policy.waveDeadlineSeconds * 1000;
  if (!late && (atWork || waiting.length > 0)) return moved;
  const attempted = attemptedProfiles(rollout);
  if (attempted.length === 0) return nobodyMoved(moved, wave, now, late);
  if (attempted.every((profile) => isDecided(rollout, profile))) return conclude(moved, wave, now);
  const soaking = withWave(moved, wave, { step: WaveStep.soaking, soakingSince: now });
  return late && (atWork || waiting.length > 0)
    ? told(
        soaking,
        'RolloutWaveDeadline',
        `${wave.name} goes to its gate although nodes still wait or work`,
        { wave: wave.index },
        'warning',
      )
    : soaking;
}

const isDecided = (rollout: Rollout, profile: string): boolean => {
  const gate = gateOf(rollout, profile);
  return gate !== undefined && gate.decidedAt !== null;
};

/** An unproved profile has its canary in this wave; the others of it wait for the next one. */
const isSpent = (rollout: Rollout, profile: string): boolean =>
  rollout.currentWave > 0 &&
  !rollout.gates.some((gate) => gate.profile === profile && letPass(gate)) &&
  rollout.members.some((member) => member.profile === profile && member.wave === rollout.currentWave && wasMoved(member));

function nobodyMoved(draft: Draft, wave: RolloutWave, now: number, late: boolean): Draft {
  const { rollout } = draft;
  const left = rollout.members.filter((member) => member.wave <= wave.index && !wasMoved(member) && isWanted(member));
  // Who is away from a later wave catches up by itself; without a canary nothing may go on.
  if (wave.index > 0 || left.length === 0) return conclude(draft, wave, now);
  if (!late) return draft;
  const away = left.every((member) => member.bucket === MemberBucket.offline);
  const [first] = left;
  const message = away
    ? 'no node of the canary can be reached'
    : `no node of the canary could be moved: ${first?.message ?? ''} (${first?.reason ?? ''})`;
  const suggestedAction = away
    ? 'bring one of its nodes online, then `takt rollout resume`; or abort'
    : 'clear what stands in the way (`takt rollout show`), then `takt rollout resume`; or abort';
  const hold = { code: away ? 'NobodyReachable' : 'NobodyMoved', message, suggestedAction };
  return told(changed(draft, { phase: RolloutPhase.held, hold }), 'RolloutHeld', `is held: ${message}`, { code: hold.code }, 'warning');
}

const isWanted = ({ bucket }: RolloutMember): boolean =>
  bucket === MemberBucket.offline || bucket === MemberBucket.deferred || bucket === MemberBucket.pending;

function finishSoak(draft: Draft, wave: RolloutWave, now: number): Draft {
  if (draft.rollout.phase !== RolloutPhase.running) return draft;
  const undecided = attemptedProfiles(draft.rollout).some((profile) => !isDecided(draft.rollout, profile));
  return undecided ? draft : conclude(draft, wave, now);
}

function conclude(draft: Draft, wave: RolloutWave, now: number): Draft {
  const gates = draft.rollout.gates.filter((gate) => gate.wave === wave.index);
  const passed = gates.length === 0 || gates.some(letPass);
  const ended = withWave(draft, wave, { step: passed ? WaveStep.passed : WaveStep.failed, endedAt: now });
  return advance(ended, { ...wave, step: passed ? WaveStep.passed : WaveStep.failed }, now);
}

/** On to the next wave, to approval, or to the end. */
function advance(draft: Draft, wave: RolloutWave, now: number): Draft {
  const { rollout } = draft;
  const remaining = rollout.members.filter(
    (member) => !wasMoved(member) && !isSettled(member.bucket) && !isProfileOut(rollout, member.profile),
  );
  const planned = rollout.waves.find((other) => other.index > wave.index);
  const next = planned ?? (remaining.some((member) => member.bucket === MemberBucket.pending) ? newWave(wave.index + 1) : undefined);
  if (next === undefined || (remaining.length === 0 && !laterCatchUp(rollout, wave))) return end(draft, now);
  const approved = rollout.waves.find((other) => other.index === wave.index)?.approvedBy ?? null;
  if (needsApproval(rollout.policy, wave.index) && approved === null) {
    const message = `${wave.name} passed its gates; ${next.name} waits for approval`;
    const hold = { code: 'ApprovalNeeded', message, suggestedAction: 'look at the gates, then `takt rollout approve`' };
    return told(changed(draft, { phase: RolloutPhase.awaitingApproval, hold }), 'RolloutAwaitsApproval', message, { wave: wave.index });
  }
  const waves = planned === undefined ? [...rollout.waves, next] : rollout.waves;
  return changed(draft, { waves, currentWave: next.index });
}

/** A later wave has nodes that are only away: it begins, since they may be back by then. */
const laterCatchUp = (rollout: Rollout, wave: RolloutWave): boolean =>
  rollout.members.some(
    (member) =>
      member.wave > wave.index && !wasMoved(member) && member.bucket === MemberBucket.offline && !isProfileOut(rollout, member.profile),
  );

function end(draft: Draft, now: number): Draft {
  const { members, gates } = draft.rollout;
  if (members.some((member) => awaitsRevert(member) || isGoingBack(member))) {
    return goBack(changed(draft, { phase: RolloutPhase.rollingBack, hold: null }), now);
  }
  const out = gates.some((gate) => gate.decidedAt !== null && !letPass(gate));
  const kept = members.some(mayHaveRelease);
  const phase = !out ? RolloutPhase.succeeded : kept ? RolloutPhase.partial : RolloutPhase.rolledBack;
  return finish(draft, phase, now);
}

/** It has the release, or nobody can say that it has not: a revert failed, or is still on its way to a node that is away. */
const mayHaveRelease = (member: RolloutMember): boolean =>
  member.bucket === MemberBucket.succeeded ||
  (member.revert !== null && (member.bucket === MemberBucket.failed || member.bucket === MemberBucket.offline));

/** It has begun to go back, or will as soon as there is a place; who is away is not waited for. */
const isGoingBack = (member: RolloutMember): boolean =>
  (awaitsRevert(member) && member.bucket !== MemberBucket.offline) || (member.revert !== null && member.bucket === MemberBucket.working);

/** Where the last node that kept the release has gone back, nothing is left of it. */
function settleEnd(draft: Draft, now: number): Draft {
  const { members } = draft.rollout;
  const open = members.some(
    (member) => mayHaveRelease(member) || member.bucket === MemberBucket.working || (!wasMoved(member) && isWanted(member)),
  );
  return open ? draft : finish(draft, RolloutPhase.rolledBack, now);
}

function goBack(draft: Draft, now: number): Draft {
  const { members } = draft.rollout;
  if (members.some(isGoingBack)) return draft;
  const kept = members.some(mayHaveRelease);
  return finish(draft, kept ? RolloutPhase.partial : RolloutPhase.rolledBack, now);
}

const WORDS = {
  succeeded: ['RolloutSucceeded', 'succeeded: every wave passed its gates', 'info'],
  partial: ['RolloutPartial', 'ended: some nodes have the release, others went back', 'warning'],
  'rolled-back': ['RolloutRolledBack', 'is rolled back: no node keeps the release', 'warning'],
} as const;

function finish(draft: Draft, phase: keyof typeof WORDS, now: number): Draft {
  const waves = draft.rollout.waves.map((wave) =>
    wave.endedAt === null && wave.startedAt !== null ? { ...wave, step: WaveStep.cancelled, endedAt: now } : wave,
  );
  const [code, message, severity] = WORDS[phase];
  return told(changed(draft, { phase, hold: null, waves }), code, message, {}, severity);
}

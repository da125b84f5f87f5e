import type { GateOutcome } from '@takt/gates';
import { err, ok } from '@takt/kernel';
import type { Result } from '@takt/kernel';
import { wasMoved } from './member-bucket.js';
import { markRevert } from './move-members.js';
import type { RolloutPolicy } from './rollout-policy.js';
import { MemberBucket, ROLLOUT_TRANSITIONS, RolloutPhase, WaveStep, hasEnded } from './rollout-state.js';
import type { Rollout, RolloutGate, RolloutMember } from './rollout-state.js';
import { changed, draftOf, told } from './rollout-step.js';
import type { Draft, RolloutStep } from './rollout-step.js';
import { attemptedProfiles, gateOf } from './wave-questions.js';

/** What a person, or a newer rollout, wants of a rollout. */
export type RolloutIntent =
  | { readonly type: 'pause' | 'resume' | 'approve' | 'abort' | 'rollback'; readonly actor: string; readonly reason: string | null }
  | { readonly type: 'supersede'; readonly actor: string; readonly by: string }
  | { readonly type: 'policy'; readonly actor: string; readonly reason: string; readonly policy: RolloutPolicy };

export interface IntentRejected {
  /** `RolloutEnded`: it is over. `IntentNotAllowed`: not in this phase. */
  readonly code: 'RolloutEnded' | 'IntentNotAllowed';
  readonly message: string;
}

/** Outcomes that a person may override. */
const VERDICTS: readonly GateOutcome[] = ['failed', 'inconclusive', 'error'];

const TARGETS = {
  pause: RolloutPhase.paused,
  abort: RolloutPhase.aborted,
  rollback: RolloutPhase.rollingBack,
  supersede: RolloutPhase.superseded,
} as const;

/** Whether an intent is possible in a phase; the console offers no other. */
export function allowsIntent(phase: RolloutPhase, intent: RolloutIntent['type']): boolean {
  switch (intent) {
    case 'resume':
      return phase === RolloutPhase.paused || phase === RolloutPhase.held;
    case 'approve':
      return phase === RolloutPhase.awaitingApproval || phase === RolloutPhase.held;
    case 'policy':
      return !hasEnded(phase);
    case 'pause':
    case 'abort':
    case 'rollback':
    case 'supersede':
      return ROLLOUT_TRANSITIONS[phase].includes(TARGETS[intent]);
  }
}

/** Turns an intent into the next state, or says why it is refused. */
export function applyIntent(rollout: Rollout, intent: RolloutIntent, now: number): Result<RolloutStep, IntentRejected> {
  if (!allowsIntent(rollout.phase, intent.type)) {
    const code = hasEnded(rollout.phase) ? 'RolloutEnded' : 'IntentNotAllowed';
    return err({ code, message: `a rollout that is ${rollout.phase} cannot ${verb(intent.type)}` });
  }
  const draft = draftOf(rollout);
  const because = 'reason' in intent && intent.reason !== null ? `: ${intent.reason}` : '';
  const said = (next: Draft, code: string, message: string, severity: 'info' | 'warning' = 'info'): Result<RolloutStep, IntentRejected> =>
    ok(
      told(next, code, `${message}${because}`, { actor: intent.actor, ...('reason' in intent ? { reason: intent.reason } : {}) }, severity),
    );
  switch (intent.type) {
    case 'pause':
      return said(changed(draft, { phase: RolloutPhase.paused, hold: null }), 'RolloutPaused', `was paused by ${intent.actor}`);
    case 'resume':
      return said(resumed(draft, now), 'RolloutResumed', `was resumed by ${intent.actor}`);
    case 'approve':
      return said(approved(draft, intent.actor, now), 'RolloutApproved', `was approved by ${intent.actor}`);
    case 'abort':
      return said(aborted(draft, now), 'RolloutAborted', `was aborted by ${intent.actor}; nodes stay as they are`, 'warning');
    case 'rollback':
      return said(rolledBack(draft, now), 'RolloutRollbackStarted', `is rolled back by ${intent.actor}`, 'warning');
    case 'supersede':
      return said(superseded(draft, intent.by, now), 'RolloutSuperseded', `gave way to rollout ${intent.by}`);
    case 'policy':
      return ok(policyChanged(draft, intent));
  }
}

const verb = (type: RolloutIntent['type']): string =>
  type === 'rollback' ? 'be rolled back' : type === 'policy' ? 'get another policy' : type;

/** The soak begins anew, since nobody watched meanwhile. */
function resumed(draft: Draft, now: number): Draft {
  const { rollout } = draft;
  const waves = rollout.waves.map((wave) => {
    if (wave.index !== rollout.currentWave) return wave;
    return wave.step === WaveStep.soaking
      ? { ...wave, soakingSince: now }
      : wave.step === WaveStep.moving
        ? { ...wave, startedAt: now }
        : wave;
  });
  return changed(draft, { phase: RolloutPhase.running, hold: null, waves });
}

function approved(draft: Draft, actor: string, now: number): Draft {
  const { rollout } = draft;
  if (rollout.phase === RolloutPhase.awaitingApproval) {
    const waves = rollout.waves.map((wave) => (wave.index === rollout.currentWave ? { ...wave, approvedBy: actor } : wave));
    return changed(draft, { phase: RolloutPhase.running, hold: null, waves });
  }
  // Held: what gates could not show, the actor answers for; one that is still being measured goes on.
  const overridden = new Map<RolloutGate, RolloutGate>();
  for (const profile of attemptedProfiles(rollout)) {
    const gate = gateOf(rollout, profile);
    if (gate !== undefined && gate.decidedAt === null && VERDICTS.includes(gate.report.outcome))
      overridden.set(gate, { ...gate, decidedAt: now, decidedBy: actor });
  }
  const skipped = attemptedProfiles(rollout).length === 0;
  const waves = rollout.waves.map((wave) =>
    wave.index === rollout.currentWave ? { ...wave, approvedBy: actor, ...(skipped ? { step: WaveStep.passed, endedAt: now } : {}) } : wave,
  );
  return changed(draft, {
    phase: RolloutPhase.running,
    hold: null,
    waves,
    gates: rollout.gates.map((gate) => overridden.get(gate) ?? gate),
  });
}

const closeWaves = (rollout: Rollout, now: number): Rollout['waves'] =>
  rollout.waves.map((wave) =>
    wave.endedAt === null && wave.startedAt !== null ? { ...wave, step: WaveStep.cancelled, endedAt: now } : wave,
  );

const unmoved = (members: readonly RolloutMember[], change: Pick<RolloutMember, 'bucket' | 'reason' | 'message'>): RolloutMember[] =>
  members.map((member) =>
    wasMoved(member) || member.bucket === MemberBucket.excluded || member.bucket === MemberBucket.superseded
      ? member
      : { ...member, ...change },
  );

function aborted(draft: Draft, now: number): Draft {
  const left = unmoved(draft.rollout.members, {
    bucket: MemberBucket.excluded,
    reason: 'RolloutAborted',
    message: 'the rollout was aborted before its turn',
  });
  // Nodes stay as they are: who has not begun to go back does not begin any more.
  const members = left.map((member) => (member.revert !== null && member.revert.startedAt === null ? { ...member, revert: null } : member));
  return changed(draft, { phase: RolloutPhase.aborted, hold: null, members, waves: closeWaves(draft.rollout, now) });
}

function rolledBack(draft: Draft, now: number): Draft {
  const marked = markRevert(draft, () => true, 'OperatorRollback', {
    code: 'RolloutRolledBack',
    message: 'the rollout was rolled back before its turn',
  });
  return changed(marked, { phase: RolloutPhase.rollingBack, hold: null, waves: closeWaves(draft.rollout, now) });
}

function superseded(draft: Draft, by: string, now: number): Draft {
  const open: readonly MemberBucket[] = [MemberBucket.pending, MemberBucket.working, MemberBucket.offline, MemberBucket.deferred];
  const members = draft.rollout.members.map((member) =>
    open.includes(member.bucket)
      ? { ...member, bucket: MemberBucket.superseded, reason: 'NewerRollout', message: `rollout ${by} took its place` }
      : member,
  );
  return changed(draft, { phase: RolloutPhase.superseded, hold: null, members, waves: closeWaves(draft.rollout, now) });
}

function policyChanged(draft: Draft, intent: Extract<RolloutIntent, { type: 'policy' }>): Draft {
  const before = draft.rollout.policy;
  const after = intent.policy;
  const next = changed(draft, { policy: after });
  const keys = (Object.keys(after) as (keyof RolloutPolicy)[]).filter((key) => JSON.stringify(after[key]) !== JSON.stringify(before[key]));
  const data = {
    actor: intent.actor,
    reason: intent.reason,
    changed: Object.fromEntries(keys.map((key) => [key, { from: before[key], to: after[key] }])),
  };
  const said = told(
    next,
    'RolloutPolicyChanged',
    `has another policy (${keys.join(', ') || 'nothing changed'}), set by ${intent.actor}: ${intent.reason}`,
    data,
  );
  const { onPerformanceBreach } = after.localRollback;
  if (onPerformanceBreach === before.localRollback.onPerformanceBreach) return said;
  return onPerformanceBreach === 'report'
    ? told(
        said,
        'LocalRollbackSwitchedOff',
        `leaves breaches of speed to the fleet’s gate, by ${intent.actor}: ${intent.reason}`,
        data,
        'warning',
      )
    : told(said, 'LocalRollbackSwitchedOn', `lets nodes go back by themselves again, by ${intent.actor}: ${intent.reason}`, data);
}

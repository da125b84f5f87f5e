import type { RolloutPolicy } from './rollout-policy.js';
import { isSettled, wasMoved } from './member-bucket.js';
import { MemberBucket, RolloutPhase, WaveStep } from './rollout-state.js';
import type { Rollout, RolloutGate, RolloutMember, RolloutWave } from './rollout-state.js';

export const currentWaveOf = (rollout: Rollout): RolloutWave | undefined =>
  rollout.waves.find((wave) => wave.index === rollout.currentWave);

export const gateOf = (rollout: Rollout, profile: string, wave = rollout.currentWave): RolloutGate | undefined =>
  rollout.gates.find((gate) => gate.wave === wave && gate.profile === profile);

/** It let its wave pass: by what it measured, or because a person said so. */
export const letPass = (gate: RolloutGate): boolean =>
  gate.decidedAt !== null && (gate.report.outcome === 'successful' || gate.decidedBy !== 'gate');

/** Some wave of this profile has shown that the release holds there. */
export const isProved = (rollout: Rollout, profile: string): boolean =>
  rollout.gates.some((gate) => gate.profile === profile && letPass(gate));

/** A gate took the profile back: it takes no part any more. */
export const isProfileOut = (rollout: Rollout, profile: string): boolean =>
  rollout.gates.some((gate) => gate.profile === profile && gate.decidedAt !== null && !letPass(gate));

/** Whether its turn has come. */
export const hasBegun = (rollout: Rollout, member: RolloutMember): boolean => {
  if (rollout.phase === RolloutPhase.succeeded || rollout.phase === RolloutPhase.partial) return true;
  if (member.wave !== rollout.currentWave) return member.wave < rollout.currentWave;
  return currentWaveOf(rollout)?.step !== WaveStep.pending;
};

export interface WaveNodes {
  /** Nodes of the profile that the current wave counts on: neither excluded nor superseded. */
  readonly total: number;
  readonly attempted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly rolledBack: number;
}

const inWave = (rollout: Rollout, profile: string): RolloutMember[] =>
  rollout.members.filter(
    (member) =>
      member.profile === profile &&
      member.wave === rollout.currentWave &&
      member.bucket !== MemberBucket.excluded &&
      member.bucket !== MemberBucket.superseded,
  );

/** How the current wave went on the nodes of one hardware profile. */
export function waveNodes(rollout: Rollout, profile: string): WaveNodes {
  const nodes = inWave(rollout, profile);
  const count = (bucket: MemberBucket): number => nodes.filter((member) => member.bucket === bucket).length;
  return {
    total: nodes.length,
    attempted: nodes.filter(wasMoved).length,
    succeeded: count(MemberBucket.succeeded),
    failed: nodes.filter((member) => wasMoved(member) && member.bucket === MemberBucket.failed).length,
    rolledBack: count(MemberBucket.rolledBack),
  };
}

/** Profiles of which a node was moved in the current wave, in a fixed order. */
export const attemptedProfiles = (rollout: Rollout): string[] =>
  [
    ...new Set(rollout.members.filter((member) => member.wave === rollout.currentWave && wasMoved(member)).map(({ profile }) => profile)),
  ].sort();

/** More nodes of the profile failed than the gate of the wave can forgive, so no other is moved. */
export function isLost(rollout: Rollout, profile: string): boolean {
  const { total, failed, rolledBack } = waveNodes(rollout, profile);
  const allowed = rollout.currentWave === 0 ? 0 : Math.floor(rollout.policy.gate.maxFailedShare * total);
  return failed + rolledBack > allowed;
}

/**
 * Profiles whose gate in the current wave waits for figures: those moved in a wave that soaks, and those that are lost already.
 * The caller measures them and hands the reports to the next step.
 */
export function gatesToMeasure(rollout: Rollout): string[] {
  const wave = currentWaveOf(rollout);
  if (rollout.phase !== RolloutPhase.running || wave === undefined) return [];
  return attemptedProfiles(rollout).filter((profile) => {
    const gate = gateOf(rollout, profile);
    if (gate !== undefined && gate.decidedAt !== null) return false;
    return wave.step === WaveStep.soaking || (wave.step === WaveStep.moving && isLost(rollout, profile) && !isAtWork(rollout, profile));
  });
}

const isAtWork = (rollout: Rollout, profile: string): boolean =>
  inWave(rollout, profile).some((member) => member.bucket === MemberBucket.working);

/** Nodes whose turn has come and which were neither moved nor ruled out. */
export const awaitingMove = (rollout: Rollout): RolloutMember[] =>
  rollout.members.filter((member) => !wasMoved(member) && hasBegun(rollout, member) && !isSettled(member.bucket));

/** Whether a person must approve before the wave after `index` begins. */
export const needsApproval = (policy: Pick<RolloutPolicy, 'approval'>, index: number): boolean =>
  policy.approval === 'every-wave' || (policy.approval === 'after-canary' && index === 0);

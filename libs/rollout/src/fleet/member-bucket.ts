import type { NodeId } from '@takt/kernel';
import { isTerminal } from '../deployment-state.js';
import type { DeploymentState } from '../deployment-state.js';
import { MemberBucket } from './rollout-state.js';
import type { RolloutMember } from './rollout-state.js';

/** One deployment that this rollout made on a node. */
export interface ObservedDeployment {
  readonly state: DeploymentState;
  readonly reason: string | null;
  readonly message: string;
}

/** What the rows say about a node of a rollout. */
export interface MemberObservation {
  readonly nodeId: NodeId;
  readonly online: boolean;
  /** What keeps it from being moved although its turn has come; null where nothing does. */
  readonly blockedBy: { readonly code: string; readonly message: string } | null;
  /** The newest deployment of this rollout on each of its slots. */
  readonly moves: readonly ObservedDeployment[];
  /** The newest one that takes a move back, on each slot where there is one. */
  readonly reverts: readonly ObservedDeployment[];
  /** A deployment of somebody else took one of its slots after the move, or after the rollout began where it was not moved. */
  readonly takenOver: boolean;
  /** Whether a slot that has the release has one from before to go back to. */
  readonly canGoBack: boolean;
  /** Whether a slot that has the release has none to go back to: it keeps it, whatever the others do. */
  readonly staysOn: boolean;
}

type Standing = Pick<RolloutMember, 'bucket' | 'reason' | 'message'>;

/** Reason of a node that keeps the release although it shall go back. */
export const NOTHING_TO_GO_BACK_TO = 'NothingToGoBackTo';

/** Reason of a node that tried to go back and could not. */
export const REVERT_FAILED = 'RevertFailed';
/** Reason of a node that goes back for longer than a wave may take. */
export const REVERT_OVERDUE = 'RevertOverdue';

/** Whether some slot of the node has the release, or is on its way to it. */
export const keepsRelease = (seen: MemberObservation | undefined): boolean =>
  seen?.moves.some((move) => move.state === 'committed' || !isTerminal(move.state)) === true;

const isFinal = (bucket: MemberBucket): boolean => bucket === MemberBucket.excluded || bucket === MemberBucket.superseded;

/** Nothing more is expected of it in this wave. */
export const isSettled = (bucket: MemberBucket): boolean =>
  bucket === MemberBucket.succeeded ||
  bucket === MemberBucket.failed ||
  bucket === MemberBucket.rolledBack ||
  bucket === MemberBucket.offline ||
  isFinal(bucket);

/** Whether deployments were made for it. */
export const wasMoved = (member: RolloutMember): boolean => member.movedAt !== null;

/** Puts a member into its one bucket. The same object comes back where nothing changed. */
export function placeMember(member: RolloutMember, seen: MemberObservation, waveHasBegun: boolean): RolloutMember {
  const standing = standingOf(member, seen, waveHasBegun);
  return standing.bucket === member.bucket && standing.reason === member.reason && standing.message === member.message
    ? member
    : { ...member, ...standing };
}

function standingOf(member: RolloutMember, seen: MemberObservation, waveHasBegun: boolean): Standing {
  if (isFinal(member.bucket)) return member;
  if (seen.takenOver) return stand(MemberBucket.superseded, 'NewerDeployment', 'a newer deployment took its slot');
  if (!wasMoved(member)) return waiting(seen, waveHasBegun);
  if (member.revert !== null) return goingBack(member.revert, seen);
  return moving(seen);
}

const stand = (bucket: MemberBucket, reason: string | null, message: string): Standing => ({ bucket, reason, message });

function waiting(seen: MemberObservation, waveHasBegun: boolean): Standing {
  if (!seen.online) return stand(MemberBucket.offline, 'NodeOffline', 'not reachable; it catches up when it is back');
  if (!waveHasBegun) return stand(MemberBucket.pending, null, 'its wave has not begun');
  if (seen.blockedBy !== null) return stand(MemberBucket.deferred, seen.blockedBy.code, seen.blockedBy.message);
  return stand(MemberBucket.pending, 'WaitsForTurn', 'waits for its turn in the wave');
}

const open = (online: boolean, what: string): Standing =>
  online
    ? stand(MemberBucket.working, null, what)
    : stand(MemberBucket.offline, 'NodeOffline', `not reachable while it was ${what}; it goes on when it is back`);

function moving({ moves, online }: MemberObservation): Standing {
  if (moves.length === 0) return open(online, 'pending');
  const current = moves.find((move) => !isTerminal(move.state));
  if (current !== undefined) return open(online, current.state);
  const superseded = moves.find((move) => move.state === 'superseded');
  if (superseded !== undefined) return stand(MemberBucket.superseded, superseded.reason, superseded.message);
  const failed = moves.find((move) => move.state === 'failed' || move.state === 'cancelled');
  if (failed !== undefined) return stand(MemberBucket.failed, failed.reason, failed.message);
  const back = moves.find((move) => move.state === 'rolled-back');
  if (back !== undefined) return stand(MemberBucket.rolledBack, back.reason, back.message);
  return stand(MemberBucket.succeeded, moves[0]?.reason ?? null, moves[0]?.message ?? '');
}

function goingBack(revert: NonNullable<RolloutMember['revert']>, seen: MemberObservation): Standing {
  if (revert.startedAt === null) {
    // Until its turn to go back it stands where its move left it.
    const now = moving(seen);
    return now.bucket === MemberBucket.succeeded && !seen.online
      ? stand(MemberBucket.offline, 'NodeOffline', 'not reachable; it goes back when it is back')
      : now;
  }
  if (revert.reason === NOTHING_TO_GO_BACK_TO) return stand(MemberBucket.failed, revert.reason, 'has no release from before to go back to');
  const current = seen.reverts.find((deployment) => !isTerminal(deployment.state));
  if (current !== undefined) return open(seen.online, `going back, ${current.state}`);
  const stuck = seen.reverts.find((deployment) => deployment.state !== 'committed');
  if (stuck?.state === 'superseded') return stand(MemberBucket.superseded, stuck.reason, stuck.message);
  if (stuck !== undefined) return stand(MemberBucket.failed, REVERT_FAILED, `could not go back: ${stuck.message}`);
  if (seen.staysOn) return stand(MemberBucket.failed, NOTHING_TO_GO_BACK_TO, 'a slot of it has no release from before to go back to');
  return stand(MemberBucket.rolledBack, revert.reason, 'went back to the release before');
}

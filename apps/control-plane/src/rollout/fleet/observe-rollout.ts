import type { Deployment, ObservedSlot, Stores } from '@takt/persistence';
import { groupBy } from '@takt/kernel';
import type { NodeId, RolloutId } from '@takt/kernel';
import type { MemberObservation, ObservedDeployment, Rollout, RolloutMember, RolloutPolicy } from '@takt/rollout';
import { SETTLE_MS, pastNeededSeconds, pastReachMs } from './gate-periods.js';

/** Rows that a rollout's decisions are made from, read in one transaction. */
export interface RolloutRows {
  readonly slots: readonly ObservedSlot[];
  /** Of this rollout, oldest first. */
  readonly deployments: readonly Deployment[];
}

export async function readRolloutRows(stores: Stores, id: RolloutId, policy: RolloutPolicy, now: number): Promise<RolloutRows> {
  const past = { settleMs: SETTLE_MS, since: new Date(now - pastReachMs(policy)) };
  return { slots: await stores.observedSlots.ofRollout(id, past), deployments: await stores.deployments.ofRollout(id) };
}

/** What the rows say about each node of a rollout. */
export function observeMembers(
  rolloutId: RolloutId,
  { members, policy }: Pick<Rollout, 'members' | 'policy'>,
  createdAt: Date,
  { slots, deployments }: RolloutRows,
): Map<NodeId, MemberObservation> {
  const slotsByNode = groupBy(slots, (slot) => slot.nodeId);
  const deploymentsByNode = groupBy(deployments, (deployment) => deployment.nodeId);
  return new Map(
    members.map((member) => [
      member.nodeId,
      observe(rolloutId, policy, createdAt, member, slotsByNode.get(member.nodeId) ?? [], deploymentsByNode.get(member.nodeId) ?? []),
    ]),
  );
}

function observe(
  rolloutId: RolloutId,
  policy: RolloutPolicy,
  createdAt: Date,
  member: RolloutMember,
  slots: readonly ObservedSlot[],
  deployments: readonly Deployment[],
): MemberObservation {
  const moves = newestPerSlot(deployments.filter((deployment) => deployment.revertOf === null));
  const kept = moves.filter((move) => move.endedAt === null || move.state === 'committed');
  return {
    nodeId: member.nodeId,
    online: slots.some((slot) => slot.online),
    blockedBy: obstacle(rolloutId, policy, slots),
    moves: moves.map(standingOf),
    reverts: newestPerSlot(deployments.filter((deployment) => deployment.revertOf !== null)).map(standingOf),
    takenOver: slots.some(({ slotId, newest }) => {
      if (newest === null || newest.rolloutId === rolloutId) return false;
      // Of a slot that was not moved, only what was made after the rollout counts: the last word of people wins.
      return deployments.some((deployment) => deployment.slotId === slotId) || newest.createdAt.getTime() > createdAt.getTime();
    }),
    canGoBack: kept.some((move) => move.previousId !== null),
    staysOn: kept.some((move) => move.previousId === null),
  };
}

/** What keeps a node from being moved although its turn has come. */
function obstacle(rolloutId: RolloutId, policy: RolloutPolicy, slots: readonly ObservedSlot[]): MemberObservation['blockedBy'] {
  const foreign = slots.find(({ target }) => target !== null && target.open && !target.givenUp && target.rolloutId !== rolloutId)?.target;
  if (foreign !== null && foreign !== undefined) {
    return { code: 'DeploymentInProgress', message: `deployment ${foreign.id} of somebody else runs on it; it is waited for` };
  }
  // A gate compares with what the slot had before: where too little is known of that, it could never pass.
  const { gate } = policy;
  const needed = pastNeededSeconds(policy);
  const unknown = slots.find(
    ({ activeId, past }) =>
      activeId !== null && (past.intervals < gate.minIntervals || past.frames < gate.minFrames || past.seconds < needed),
  );
  if (unknown === undefined) return null;
  const { intervals, frames, seconds } = unknown.past;
  const has =
    `${String(intervals)} of ${String(gate.minIntervals)} intervals, ${String(frames)} of ${String(gate.minFrames)} frames, ` +
    `${seconds.toFixed(0)} of ${String(needed)} s`;
  return { code: 'NoBaseline', message: `too little is known of what it serves now to compare with: ${has}` };
}

const newestPerSlot = (deployments: readonly Deployment[]): Deployment[] => [
  ...new Map(deployments.map((deployment) => [deployment.slotId, deployment])).values(),
];

const standingOf = ({ state, reason, message }: Deployment): ObservedDeployment => ({ state, reason, message });

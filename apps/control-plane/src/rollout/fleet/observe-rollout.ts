import type { Deployment, ObservedSlot, Stores } from '@takt/persistence';
import { groupBy } from '@takt/kernel';
import type { NodeId, RolloutId } from '@takt/kernel';
import type { MemberObservation, ObservedDeployment, RolloutMember } from '@takt/rollout';

/** Rows that a rollout's decisions are made from, read in one transaction. */
export interface RolloutRows {
  readonly slots: readonly ObservedSlot[];
  /** Of this rollout, oldest first. */
  readonly deployments: readonly Deployment[];
}

export async function readRolloutRows(stores: Stores, id: RolloutId): Promise<RolloutRows> {
  return { slots: await stores.rollouts.slotsOf(id), deployments: await stores.deployments.ofRollout(id) };
}

/** What the rows say about each node of a rollout. */
export function observeMembers(
  rolloutId: RolloutId,
  members: readonly RolloutMember[],
  { slots, deployments }: RolloutRows,
): Map<NodeId, MemberObservation> {
  const slotsByNode = groupBy(slots, (slot) => slot.nodeId);
  const deploymentsByNode = groupBy(deployments, (deployment) => deployment.nodeId);
  return new Map(
    members.map((member) => [
      member.nodeId,
      observe(rolloutId, member, slotsByNode.get(member.nodeId) ?? [], deploymentsByNode.get(member.nodeId) ?? []),
    ]),
  );
}

function observe(
  rolloutId: RolloutId,
  member: RolloutMember,
  slots: readonly ObservedSlot[],
  deployments: readonly Deployment[],
): MemberObservation {
  const foreign = slots.find(({ target }) => target !== null && target.open && target.rolloutId !== rolloutId);
  return {
    nodeId: member.nodeId,
    online: slots.some((slot) => slot.online),
    blockedBy:
      foreign === undefined
        ? null
        : { code: 'DeploymentInProgress', message: `deployment ${foreign.target?.id ?? ''} of somebody else runs on it; it is waited for` },
    moves: newestPerSlot(deployments.filter((deployment) => deployment.revertOf === null)),
    reverts: newestPerSlot(deployments.filter((deployment) => deployment.revertOf !== null)),
    takenOver: slots.some(
      ({ slotId, newest }) =>
        newest !== null && newest.rolloutId !== rolloutId && deployments.some((deployment) => deployment.slotId === slotId),
    ),
    canGoBack: deployments.some((deployment) => deployment.revertOf === null && deployment.previousId !== null),
  };
}

function newestPerSlot(deployments: readonly Deployment[]): ObservedDeployment[] {
  const newest = new Map(deployments.map((deployment) => [deployment.slotId, deployment]));
  return [...newest.values()].map(({ state, reason, message }) => ({ state, reason, message }));
}

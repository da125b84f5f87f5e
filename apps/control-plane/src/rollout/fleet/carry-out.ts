import type { SlotId } from '@takt/kernel';
import type { Deployment, Release, RolloutRow, Stores } from '@takt/persistence';
import type { RolloutCommand, RolloutEvent, RolloutMember, RolloutPolicy } from '@takt/rollout';
import { record } from '../../record.js';
import { resolveModel } from '../../resolve.js';
import type { RolloutRows } from './observe-rollout.js';
import type { DeployRelease, SlotOrder } from '../deploy-release.js';

/** Carries out what a rollout decided, in the transaction that writes the decision. */
export class CarryOut {
  constructor(private readonly deploy: DeployRelease) {}

  async execute(
    stores: Stores,
    row: RolloutRow,
    policy: RolloutPolicy,
    { slots, deployments }: RolloutRows,
    commands: readonly RolloutCommand[],
    now: Date,
  ): Promise<void> {
    if (commands.length === 0) return;
    const targets = new Map(slots.map((slot) => [slot.slotId, slot.target?.id ?? null]));
    const by = { actor: `rollout:${row.name}`, now };
    const moves = commands.flatMap((command) => (command.type === 'move' ? command.slotIds : []));
    if (moves.length > 0) {
      const release = await releaseOf(stores, row.releaseId);
      const orders = moves.map((slotId): SlotOrder => ({
        slotId,
        rolloutId: row.id,
        revertOf: null,
        onPerformanceBreach: policy.localRollback.onPerformanceBreach,
        expectedTarget: targets.get(slotId) ?? null,
      }));
      await this.deploy.execute(stores, by, release, await resolveModel(stores, release.modelId), orders);
    }
    // Slots may go back to different releases: each of those is one call.
    for (const [releaseId, orders] of await revertsByRelease(stores, row, deployments, commands, targets)) {
      const release = await releaseOf(stores, releaseId);
      await this.deploy.execute(stores, by, release, await resolveModel(stores, release.modelId), orders);
    }
  }
}

async function releaseOf(stores: Stores, id: string): Promise<Release> {
  const release = await stores.releases.find(id);
  if (release === null) throw new Error(`release ${id} is not there`);
  return release;
}

/** A slot goes back to what it had before the rollout moved it; one that went back by itself, or was never reached, stays. */
async function revertsByRelease(
  stores: Stores,
  row: RolloutRow,
  deployments: readonly Deployment[],
  commands: readonly RolloutCommand[],
  targets: ReadonlyMap<SlotId, string | null>,
): Promise<Map<string, SlotOrder[]>> {
  const orders = new Map<string, SlotOrder[]>();
  for (const slotId of commands.flatMap((command) => (command.type === 'revert' ? command.slotIds : []))) {
    const move = deployments.findLast((deployment) => deployment.slotId === slotId && deployment.revertOf === null);
    if (move === undefined || move.previousId === null || (move.endedAt !== null && move.state !== 'committed')) continue;
    const previous = await stores.deployments.find(move.previousId);
    if (previous === null) continue;
    const order: SlotOrder = {
      slotId,
      rolloutId: row.id,
      revertOf: move.id,
      onPerformanceBreach: 'report',
      expectedTarget: targets.get(slotId) ?? null,
    };
    orders.set(previous.releaseId, [...(orders.get(previous.releaseId) ?? []), order]);
  }
  return orders;
}

/** Writes what happened in a rollout into the record. */
export function recordRolloutEvents(
  stores: Stores,
  row: Pick<RolloutRow, 'id' | 'name'>,
  actor: string,
  members: readonly RolloutMember[],
  events: readonly RolloutEvent[],
  now: Date,
): void {
  for (const { code, message, severity, data } of events) {
    record(stores, actor, now, {
      code,
      severity,
      message: `rollout ${row.name} ${message}`,
      object: { kind: 'rollout', id: row.id, name: row.name },
      siteId: siteOf(members.filter((member) => data['nodeId'] === undefined || member.nodeId === data['nodeId'])),
      data: { ...data },
    });
  }
}

/** The site that an event belongs to: of the node that it is about, or the one that all nodes are of; null where it concerns several. */
function siteOf(members: readonly { readonly siteId: string }[]): string | null {
  const [first] = members;
  return first !== undefined && members.every((member) => member.siteId === first.siteId) ? first.siteId : null;
}

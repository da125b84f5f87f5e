import { randomUUID } from 'node:crypto';
import type { HealthPolicy } from '@takt/gates';
import { asId } from '@takt/kernel';
import type { DeploymentId, JobId, NodeId, RolloutId, SlotId } from '@takt/kernel';
import type { Model, Release, Stores } from '@takt/persistence';
import { startDeployment } from '@takt/rollout';
import type { RefreshDesired } from '../desired/refresh-desired.js';
import { record } from '../record.js';
import type { Calibrations } from './calibration.js';
import type { MoveDeployment } from './move-deployment.js';

/** A slot that gets the release, and why. */
export interface SlotOrder {
  readonly slotId: SlotId;
  readonly rolloutId: RolloutId | null;
  readonly revertOf: DeploymentId | null;
  readonly onPerformanceBreach: HealthPolicy['onPerformanceBreach'] | null;
  /** Target of the slot that the order was decided on; undefined where whatever is there gives way. */
  readonly expectedTarget?: string | null;
}

/** Somebody deployed to the slot after the order was decided: the decision is void, and made anew on what is there now. */
export class StaleOrder extends Error {}

export const plainOrder = (slotId: SlotId): SlotOrder => ({ slotId, rolloutId: null, revertOf: null, onPerformanceBreach: null });

/** Makes one deployment of a release per slot, with its build job, in the caller's transaction. */
export class DeployRelease {
  constructor(
    private readonly refresh: RefreshDesired,
    private readonly move: MoveDeployment,
    private readonly calibrations: Calibrations,
  ) {}

  async execute(
    stores: Stores,
    by: { readonly actor: string; readonly now: Date },
    release: Release,
    model: Model,
    orders: readonly SlotOrder[],
  ): Promise<DeploymentId[]> {
    const { now } = by;
    const calibration =
      release.needsStatistics && release.calibrationId !== null ? await stores.content.findDataset(release.calibrationId) : null;
    // Job before slots and desired rows, as the report of its end does.
    if (calibration !== null) await stores.jobs.lockCalibrationOf(model.digest, calibration.digest);
    const made: DeploymentId[] = [];
    const dirty: NodeId[] = [];
    for (const order of [...orders].sort((a, b) => (a.slotId < b.slotId ? -1 : 1))) {
      const { id, nodeId } = await this.#deploy(stores, by, order, release, model);
      made.push(id);
      dirty.push(nodeId);
    }
    if (calibration !== null) {
      await this.calibrations.ensure(
        stores,
        { modelDigest: model.digest, modelName: `${model.name}@${model.version}`, calibrationDigest: calibration.digest },
        now,
      );
    }
    await this.refresh.nodes(stores, dirty, now);
    return made;
  }

  async #deploy(
    stores: Stores,
    { actor, now }: { readonly actor: string; readonly now: Date },
    order: SlotOrder,
    release: Release,
    model: Model,
  ): Promise<{ id: DeploymentId; nodeId: NodeId }> {
    const slot = await stores.slots.lock(order.slotId);
    if (slot === null) throw new Error(`slot ${order.slotId} vanished`);
    if (order.expectedTarget !== undefined && slot.targetId !== order.expectedTarget)
      throw new StaleOrder(`slot ${order.slotId} has another target`);
    const id = asId<DeploymentId>(randomUUID());
    const generation = (await stores.desired.generations([slot.nodeId])).get(slot.nodeId) ?? 0;
    const current = slot.targetId === null ? null : await stores.deployments.find(slot.targetId);
    const started = startDeployment({ target: slot.targetId, active: slot.activeId }, current, id);
    if (started.superseded !== null) {
      await this.move.execute(stores, started.superseded, {
        to: 'superseded',
        by: actor,
        at: now,
        generation,
        reason: 'NewerDeployment',
        message: `release ${release.name} takes its place`,
      });
    }
    const buildJobId = asId<JobId>(randomUUID());
    await stores.deployments.add({
      id,
      slotId: order.slotId,
      nodeId: slot.nodeId,
      releaseId: release.id,
      state: 'pending',
      reason: null,
      message: 'waiting for the node',
      previousId: slot.activeId,
      buildJobId,
      rolloutId: order.rolloutId,
      revertOf: order.revertOf,
      onPerformanceBreach: order.onPerformanceBreach,
      plan: null,
      health: null,
      error: null,
      createdBy: actor,
      createdAt: now,
      updatedAt: now,
      endedAt: null,
    });
    await stores.deployments.addTransition({
      deploymentId: id,
      state: 'pending',
      at: now,
      by: actor,
      generation,
      reason: null,
      message: order.revertOf === null ? 'made' : 'made to go back',
    });
    await stores.jobs.add({
      id: buildJobId,
      kind: 'build',
      state: 'queued',
      phase: 'waiting',
      progress: 0,
      etaSeconds: null,
      nodeId: slot.nodeId,
      deploymentId: id,
      modelDigest: model.digest,
      modelName: `${model.name}@${model.version}`,
      calibrationDigest: null,
      attempts: 1,
      leaseUntil: null,
      result: null,
      error: null,
      createdAt: now,
      updatedAt: now,
    });
    await stores.slots.update(order.slotId, { targetId: started.slot.target });
    record(stores, actor, now, {
      code: 'DeploymentPending',
      message:
        order.revertOf === null ? `${actor} deploys release ${release.name}` : `${actor} takes the slot back to release ${release.name}`,
      object: { kind: 'deployment', id, name: release.name },
      siteId: slot.siteId,
      data: { slotId: order.slotId, previousDeploymentId: slot.activeId, rolloutId: order.rolloutId, revertOf: order.revertOf },
    });
    return { id, nodeId: slot.nodeId };
  }
}

import { randomUUID } from 'node:crypto';
import type { DeploymentView, createDeploymentsSchema } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { Clock, DeploymentId, JobId, NodeId, SlotId } from '@takt/kernel';
import type { Database, Model, Release, Slot, Stores } from '@takt/persistence';
import { startDeployment } from '@takt/rollout';
import type { z } from 'zod';
import type { RefreshDesired } from '../desired/refresh-desired.js';
import { refused } from '../errors.js';
import { seesSite } from '../http/context.js';
import type { RequestContext } from '../http/context.js';
import { record } from '../record.js';
import { resolveLine, resolveModel, resolveNode, resolveRelease, resolveSlot } from '../resolve.js';
import type { Calibrations } from './calibration.js';
import type { MoveDeployment } from './move-deployment.js';
import { unsuitable } from './suitability.js';
import { toDeploymentView } from './views.js';

type Input = z.output<typeof createDeploymentsSchema>;

/** One deployment per slot concerned; all of them are made or none. */
export class CreateDeployments {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly refresh: RefreshDesired,
    private readonly move: MoveDeployment,
    private readonly calibrations: Calibrations,
  ) {}

  async execute(ctx: RequestContext, input: Input): Promise<DeploymentView[]> {
    const now = new Date(this.clock.now());
    const ids = await this.db.transaction(async (stores) => {
      const release = await resolveRelease(stores, input.release);
      const model = await resolveModel(stores, release.modelId);
      const slotIds = await chooseSlots(stores, ctx, input, release, model);
      const calibration =
        release.needsStatistics && release.calibrationId !== null ? await stores.content.findDataset(release.calibrationId) : null;
      // Job before slots and desired rows, as the report of its end does.
      if (calibration !== null) await stores.jobs.lockCalibrationOf(model.digest, calibration.digest);
      const made: DeploymentId[] = [];
      const dirty: NodeId[] = [];
      for (const slotId of slotIds) {
        const { id, nodeId } = await this.#deploy(stores, ctx, slotId, release, model, now);
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
    });
    const views = await Promise.all(ids.map((id) => this.db.stores.deployments.overview({ id, limit: 1 }, null)));
    return views.flat().map(toDeploymentView);
  }

  async #deploy(
    stores: Stores,
    ctx: RequestContext,
    slotId: SlotId,
    release: Release,
    model: Model,
    now: Date,
  ): Promise<{ id: DeploymentId; nodeId: NodeId }> {
    const slot = await stores.slots.lock(slotId);
    if (slot === null) throw new Error(`slot ${slotId} vanished`);
    const id = asId<DeploymentId>(randomUUID());
    const generation = (await stores.desired.generations([slot.nodeId])).get(slot.nodeId) ?? 0;
    const current = slot.targetId === null ? null : await stores.deployments.find(slot.targetId);
    const started = startDeployment({ target: slot.targetId, active: slot.activeId }, current, id);
    if (started.superseded !== null) {
      await this.move.execute(stores, started.superseded, {
        to: 'superseded',
        by: ctx.actor,
        at: now,
        generation,
        reason: 'NewerDeployment',
        message: `release ${release.name} takes its place`,
      });
    }
    const buildJobId = asId<JobId>(randomUUID());
    await stores.deployments.add({
      id,
      slotId,
      nodeId: slot.nodeId,
      releaseId: release.id,
      state: 'pending',
      reason: null,
      message: 'waiting for the node',
      previousId: slot.activeId,
      buildJobId,
      rolloutId: null,
      revertOf: null,
      onPerformanceBreach: null,
      plan: null,
      health: null,
      error: null,
      createdBy: ctx.actor,
      createdAt: now,
      updatedAt: now,
      endedAt: null,
    });
    await stores.deployments.addTransition({
      deploymentId: id,
      state: 'pending',
      at: now,
      by: ctx.actor,
      generation,
      reason: null,
      message: 'made',
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
    await stores.slots.update(slotId, { targetId: started.slot.target });
    record(stores, ctx.actor, now, {
      code: 'DeploymentPending',
      message: `${ctx.actor} deploys release ${release.name}`,
      object: { kind: 'deployment', id, name: release.name },
      siteId: slot.siteId,
      data: { slotId, previousDeploymentId: slot.activeId },
    });
    return { id, nodeId: slot.nodeId };
  }
}

async function chooseSlots(stores: Stores, ctx: RequestContext, input: Input, release: Release, model: Model): Promise<SlotId[]> {
  const slots = (await slotsOf(stores, ctx, input)).filter((slot) => seesSite(ctx, slot.siteId));
  const fitting = slots.filter((slot) => slot.model === model.name);
  const [other] = slots;
  if (fitting.length === 0) {
    throw other === undefined
      ? refused(
          'NoSlot',
          'there is no slot to deploy to',
          'make one: `takt slot create --line LINE --node NODE --model MODEL`',
          input.node ?? input.line ?? input.slot,
        )
      : refused(
          'ReleaseForOtherModel',
          `release ${release.name} is of model ${model.name}; the slot serves ${other.model}`,
          'choose a release of the slot’s model',
          release.name,
        );
  }
  const profiles = [
    ...new Set((await stores.nodes.list(null)).flatMap((node) => (node.profile === null ? [] : [node.profile.name]))),
  ].sort();
  for (const slot of fitting) {
    const node = await stores.nodes.find(slot.nodeId);
    const fault = node === null ? undefined : unsuitable(release, node, profiles);
    if (fault !== undefined) throw fault;
  }
  return fitting.map((slot) => slot.id).sort();
}

async function slotsOf(stores: Stores, ctx: RequestContext, input: Input): Promise<Slot[]> {
  if (input.slot !== undefined) return [(await resolveSlot(stores, ctx, input.slot)).slot];
  if (input.node !== undefined) return stores.slots.ofNode((await resolveNode(stores, ctx, input.node)).id);
  return stores.slots.ofLine((await resolveLine(stores, ctx, input.line ?? '')).id);
}

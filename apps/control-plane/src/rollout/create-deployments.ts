import type { DeploymentView, createDeploymentsSchema } from '@takt/contracts';
import type { Clock, SlotId } from '@takt/kernel';
import type { Database, Model, Release, Slot, Stores } from '@takt/persistence';
import type { z } from 'zod';
import { refused } from '../errors.js';
import { seesSite } from '../http/context.js';
import type { RequestContext } from '../http/context.js';
import { resolveLine, resolveModel, resolveNode, resolveRelease, resolveSlot } from '../resolve.js';
import { plainOrder } from './deploy-release.js';
import type { DeployRelease } from './deploy-release.js';
import { unsuitable } from './suitability.js';
import { toDeploymentView } from './views.js';

type Input = z.output<typeof createDeploymentsSchema>;

/** One deployment per slot concerned; all of them are made or none. */
export class CreateDeployments {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly deploy: DeployRelease,
  ) {}

  async execute(ctx: RequestContext, input: Input): Promise<DeploymentView[]> {
    const now = new Date(this.clock.now());
    const ids = await this.db.transaction(async (stores) => {
      const release = await resolveRelease(stores, input.release);
      const model = await resolveModel(stores, release.modelId);
      const slotIds = await chooseSlots(stores, ctx, input, release, model);
      return this.deploy.execute(stores, { actor: ctx.actor, now }, release, model, slotIds.map(plainOrder));
    });
    const views = await Promise.all(ids.map((id) => this.db.stores.deployments.overview({ id, limit: 1 }, null)));
    return views.flat().map(toDeploymentView);
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
          'make one: `takt slots create --line LINE --node NODE --model MODEL`',
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

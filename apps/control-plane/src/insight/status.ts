import type { StatusView } from '@takt/contracts';
import type { Clock } from '@takt/kernel';
import type { Database } from '@takt/persistence';
import type { RequestContext } from '../http/context.js';
import { toDeploymentView } from '../rollout/views.js';
import { toSlotView } from '../topology/slots.js';
import { VERSION } from '../version.js';

const MAX_DEPLOYMENTS = 1000;

export class FleetStatus {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async execute(ctx: RequestContext): Promise<StatusView> {
    const { stores } = this.db;
    const [epoch, nodes, jobs, unreferenced, slots, deployments] = await Promise.all([
      stores.settings.epoch(),
      stores.nodes.counts(ctx.siteScope),
      stores.jobs.counts(ctx.siteScope),
      stores.content.unreferencedTotal(),
      stores.slots.overview(ctx.siteScope),
      stores.deployments.overview({ current: true, limit: MAX_DEPLOYMENTS }, ctx.siteScope),
    ]);
    return {
      at: new Date(this.clock.now()).toISOString(),
      epoch,
      version: VERSION,
      nodes,
      jobs,
      unreferenced,
      slots: slots.map(toSlotView),
      deployments: deployments.map(toDeploymentView),
    };
  }
}

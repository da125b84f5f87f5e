import type { DeploymentView } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { Clock, DeploymentId } from '@takt/kernel';
import type { Database } from '@takt/persistence';
import { notFound, refused } from '../errors.js';
import type { RequestContext } from '../http/context.js';
import type { MoveDeployment } from './move-deployment.js';
import { toDeploymentView } from './views.js';

export class CancelDeployment {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly move: MoveDeployment,
  ) {}

  async execute(ctx: RequestContext, id: string): Promise<DeploymentView> {
    await this.db.transaction(async (stores) => {
      const [found] = await stores.deployments.overview({ id, limit: 1 }, ctx.siteScope);
      if (found === undefined) throw notFound('deployment', id);
      const outcome = await this.move.execute(stores, asId<DeploymentId>(id), {
        to: 'cancelled',
        by: ctx.actor,
        at: new Date(this.clock.now()),
        generation: (await stores.desired.generations([found.deployment.nodeId])).get(found.deployment.nodeId) ?? 0,
        reason: 'CancelledByOperator',
        message: `${ctx.actor} cancelled it`,
      });
      if ('rejected' in outcome) {
        throw refused(
          'DeploymentNotCancellable',
          `deployment ${id} is ${found.deployment.state}; it can be cancelled until its engine is activated`,
          'wait for its health check, or deploy the release that should serve instead',
          id,
        );
      }
    });
    const [view] = await this.db.stores.deployments.overview({ id, limit: 1 }, null);
    if (view === undefined) throw notFound('deployment', id);
    return toDeploymentView(view);
  }
}

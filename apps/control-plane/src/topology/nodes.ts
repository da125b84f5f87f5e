import type { NodeView } from '@takt/contracts';
import type { Database, FleetNode } from '@takt/persistence';
import type { RequestContext } from '../http/context.js';
import { resolveNode } from '../resolve.js';

export class NodeQueries {
  constructor(private readonly db: Database) {}

  async list(ctx: RequestContext): Promise<NodeView[]> {
    return this.#views(await this.db.stores.nodes.list(ctx.siteScope));
  }

  async get(ctx: RequestContext, ref: string): Promise<NodeView> {
    const node = await resolveNode(this.db.stores, ctx, ref);
    const [view] = await this.#views([node]);
    if (view === undefined) throw new Error(`node ${node.id} vanished between two reads`);
    return view;
  }

  async #views(nodes: readonly FleetNode[]): Promise<NodeView[]> {
    const ids = nodes.map((node) => node.id);
    const { stores } = this.db;
    const [liveness, generations, confirmed, sites] = await Promise.all([
      stores.nodes.liveness(ids),
      stores.desired.generations(ids),
      stores.reports.confirmedOf(ids),
      stores.sites.list(null),
    ]);
    const siteNames = new Map(sites.map((site) => [site.id, site.name]));
    return nodes.map((node) => {
      const live = liveness.get(node.id);
      return {
        id: node.id,
        name: node.name,
        site: siteNames.get(node.siteId) ?? node.siteId,
        hostname: node.hostname,
        online: live?.online ?? false,
        lastSeenAt: live?.lastSeenAt.toISOString() ?? null,
        joinedAt: node.joinedAt.toISOString(),
        agentVersion: node.agentVersion,
        rssMiB: live?.heartbeat?.rssMiB ?? null,
        fingerprint: node.fingerprint,
        profile: node.profile,
        facts: node.facts as NodeView['facts'],
        conditions: [...node.conditions],
        desiredGeneration: generations.get(node.id) ?? 0,
        observedGeneration: live?.heartbeat?.observedGeneration ?? 0,
        confirmedSeq: confirmed.get(node.id) ?? 0,
      };
    });
  }
}

import { randomUUID } from 'node:crypto';
import type { SlotView } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { Clock, SlotId } from '@takt/kernel';
import type { Database, SlotOverview } from '@takt/persistence';
import type { RefreshDesired } from '../desired/refresh-desired.js';
import { alreadyExists, refused } from '../errors.js';
import type { RequestContext } from '../http/context.js';
import { record } from '../record.js';
import { resolveLine, resolveNode, resolveSlot } from '../resolve.js';

export const toSlotView = (overview: SlotOverview): SlotView => ({
  id: overview.slot.id,
  site: overview.site,
  line: { id: overview.slot.lineId, name: overview.lineSlug },
  node: { id: overview.slot.nodeId, name: overview.nodeName },
  model: overview.slot.model,
  requiredFps: overview.requiredFps,
  target: overview.target,
  active: overview.active,
  serving: overview.slot.serving,
  metrics: overview.metrics,
});

export class SlotQueries {
  constructor(private readonly db: Database) {}

  async list(ctx: RequestContext): Promise<SlotView[]> {
    return (await this.db.stores.slots.overview(ctx.siteScope)).map(toSlotView);
  }

  async get(ctx: RequestContext, ref: string): Promise<SlotView> {
    return toSlotView(await resolveSlot(this.db.stores, ctx, ref));
  }
}

export class CreateSlot {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly refresh: RefreshDesired,
  ) {}

  async execute(ctx: RequestContext, input: { readonly line: string; readonly node: string; readonly model: string }): Promise<SlotView> {
    const now = new Date(this.clock.now());
    return this.db.transaction(async (stores) => {
      const line = await resolveLine(stores, ctx, input.line);
      const node = await resolveNode(stores, ctx, input.node);
      if (line.siteId !== node.siteId) {
        throw refused(
          'SiteMismatch',
          `line ${line.slug} and node ${node.name} are at different sites`,
          'choose a node of the line’s site',
          node.name,
        );
      }
      const taken = (await stores.slots.ofLine(line.id)).some((slot) => slot.nodeId === node.id);
      if (taken) throw alreadyExists('slot', `${line.slug}@${node.name}`);
      const id = asId<SlotId>(randomUUID());
      await stores.slots.add({
        id,
        siteId: line.siteId,
        lineId: line.id,
        nodeId: node.id,
        model: input.model,
        targetId: null,
        activeId: null,
        serving: null,
        createdAt: now,
      });
      await this.refresh.nodes(stores, [node.id], now);
      record(stores, ctx.actor, now, {
        code: 'SlotCreated',
        message: `${ctx.actor} put model ${input.model} on line ${line.slug}, served by node ${node.name}`,
        object: { kind: 'slot', id, name: `${line.slug}@${node.name}` },
        siteId: line.siteId,
      });
      return toSlotView(await resolveSlot(stores, ctx, id));
    });
  }
}

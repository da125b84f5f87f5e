import { randomUUID } from 'node:crypto';
import type { SiteView } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { Clock, SiteId } from '@takt/kernel';
import type { Database, Site } from '@takt/persistence';
import { alreadyExists, refused } from '../errors.js';
import type { RequestContext } from '../http/context.js';
import { record } from '../record.js';

const toView = (site: Site): SiteView => ({ id: site.id, name: site.name, createdAt: site.createdAt.toISOString() });

export class SiteQueries {
  constructor(private readonly db: Database) {}

  async list(ctx: RequestContext): Promise<SiteView[]> {
    return (await this.db.stores.sites.list(ctx.siteScope)).map(toView);
  }
}

export class CreateSite {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async execute(ctx: RequestContext, input: { readonly name: string }): Promise<SiteView> {
    if (ctx.siteScope !== null) {
      throw refused(
        'OutsideSiteScope',
        `${ctx.actor} may act at its own sites only`,
        'use an admin token without a site scope',
        input.name,
      );
    }
    const now = new Date(this.clock.now());
    return this.db.transaction(async (stores) => {
      if ((await stores.sites.find(input.name)) !== null) throw alreadyExists('site', input.name);
      const site: Site = { id: asId<SiteId>(randomUUID()), name: input.name, createdAt: now };
      await stores.sites.add(site);
      record(stores, ctx.actor, now, {
        code: 'SiteCreated',
        message: `${ctx.actor} made site ${site.name}`,
        object: { kind: 'site', id: site.id, name: site.name },
        siteId: site.id,
      });
      return toView(site);
    });
  }
}

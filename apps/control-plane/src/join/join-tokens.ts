import { randomUUID } from 'node:crypto';
import type { CreatedJoinToken, createJoinTokenSchema, joinTokenViewSchema } from '@takt/contracts';
import type { Clock } from '@takt/kernel';
import type { Database, JoinToken } from '@takt/persistence';
import type { z } from 'zod';
import { hashSecret, newToken } from '../access/secrets.js';
import { seesSite } from '../http/context.js';
import type { RequestContext } from '../http/context.js';
import { record } from '../record.js';
import { resolveSite } from '../resolve.js';

type JoinTokenView = z.output<typeof joinTokenViewSchema>;

const toView = (token: JoinToken, site: string): JoinTokenView => ({
  id: token.id,
  site,
  uses: token.uses,
  usesLeft: token.usesLeft,
  createdAt: token.createdAt.toISOString(),
  expiresAt: token.expiresAt.toISOString(),
});

export class JoinTokenQueries {
  constructor(private readonly db: Database) {}

  async list(ctx: RequestContext): Promise<JoinTokenView[]> {
    const names = new Map((await this.db.stores.sites.list(ctx.siteScope)).map((site) => [site.id as string, site.name]));
    const tokens = (await this.db.stores.access.listJoinTokens()).filter((token) => seesSite(ctx, token.siteId));
    return tokens.map((token) => toView(token, names.get(token.siteId) ?? token.siteId));
  }
}

export class CreateJoinToken {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async execute(ctx: RequestContext, input: z.output<typeof createJoinTokenSchema>): Promise<CreatedJoinToken> {
    const secret = newToken('join');
    const now = new Date(this.clock.now());
    return this.db.transaction(async (stores) => {
      const site = await resolveSite(stores, ctx, input.site);
      const token: JoinToken = {
        id: randomUUID(),
        siteId: site.id,
        hash: hashSecret(secret),
        uses: input.uses,
        usesLeft: input.uses,
        createdAt: now,
        expiresAt: new Date(now.getTime() + input.expiresInMinutes * 60_000),
      };
      await stores.access.addJoinToken(token);
      record(stores, ctx.actor, now, {
        code: 'JoinTokenCreated',
        message: `${ctx.actor} made a join token for ${String(input.uses)} node(s) of site ${site.name}`,
        object: { kind: 'join-token', id: token.id, name: site.name },
        siteId: site.id,
      });
      return { ...toView(token, site.name), token: secret };
    });
  }
}

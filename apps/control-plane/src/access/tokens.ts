import { randomUUID } from 'node:crypto';
import type { createTokenSchema, createdTokenSchema, tokenViewSchema, WhoAmI } from '@takt/contracts';
import type { Role } from '@takt/contracts';
import type { Clock } from '@takt/kernel';
import type { ApiToken, Database, Stores } from '@takt/persistence';
import type { z } from 'zod';
import { notFound } from '../errors.js';
import { seesSite } from '../http/context.js';
import type { RequestContext } from '../http/context.js';
import { record } from '../record.js';
import { resolveSite } from '../resolve.js';
import { requireFreeForm, requireUnknown } from './actor-names.js';
import { isLive } from './authenticator.js';
import { hashSecret, newToken } from './secrets.js';

type TokenView = z.output<typeof tokenViewSchema>;

/** A token that reaches further than the caller does not exist for the caller. */
const within = (ctx: RequestContext, token: ApiToken): boolean =>
  ctx.siteScope === null || (token.siteIds !== null && token.siteIds.every((id) => seesSite(ctx, id)));

async function siteNames(stores: Stores, ids: readonly string[] | null): Promise<string[] | null> {
  return ids === null ? null : (await stores.sites.list(ids)).map((site) => site.name);
}

async function siteIds(stores: Stores, ctx: RequestContext, refs: readonly string[]): Promise<string[]> {
  const ids = new Set<string>();
  for (const ref of new Set(refs)) ids.add((await resolveSite(stores, ctx, ref)).id);
  return [...ids];
}

const toView = async (stores: Stores, token: ApiToken): Promise<TokenView> => ({
  id: token.id,
  kind: token.kind,
  actor: token.actor,
  role: token.role as Role,
  sites: await siteNames(stores, token.siteIds),
  createdAt: token.createdAt.toISOString(),
  expiresAt: token.expiresAt?.toISOString() ?? null,
});

export class TokenQueries {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async whoAmI(ctx: Pick<RequestContext, 'actor' | 'role' | 'siteScope'>): Promise<WhoAmI> {
    return { actor: ctx.actor, role: ctx.role, sites: await siteNames(this.db.stores, ctx.siteScope) };
  }

  async list(ctx: RequestContext): Promise<TokenView[]> {
    const now = new Date(this.clock.now());
    // A session that has run out is of no interest; a token that has, may be what somebody looks for.
    const shown = (token: ApiToken): boolean => (token.kind === 'session' ? isLive(token, now) : token.revokedAt === null);
    const tokens = (await this.db.stores.access.listTokens()).filter((token) => shown(token) && within(ctx, token));
    return Promise.all(tokens.map((token) => toView(this.db.stores, token)));
  }
}

export class CreateToken {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async execute(ctx: RequestContext, input: z.output<typeof createTokenSchema>): Promise<z.output<typeof createdTokenSchema>> {
    requireFreeForm(input.name);
    const secret = newToken('api');
    const now = new Date(this.clock.now());
    return this.db.transaction(async (stores) => {
      // Nobody acts in another's name; a further token for oneself is for oneself.
      if (input.name !== ctx.actor) await requireUnknown(stores, input.name);
      // A token can never reach further than the one that makes it.
      const asked = input.sites === null ? null : await siteIds(stores, ctx, input.sites);
      const token: ApiToken = {
        id: randomUUID(),
        kind: 'api',
        madeFrom: null,
        actor: input.name,
        hash: hashSecret(secret),
        role: input.role,
        siteIds: asked ?? ctx.siteScope,
        createdAt: now,
        expiresAt: input.expiresInDays === null ? null : new Date(now.getTime() + input.expiresInDays * 86_400_000),
        revokedAt: null,
      };
      await stores.access.ensureActor({ id: randomUUID(), name: input.name, createdAt: now });
      await stores.access.addToken(token);
      record(stores, ctx.actor, now, {
        code: 'TokenCreated',
        message: `${ctx.actor} made a token of role ${input.role} for ${input.name}`,
        object: { kind: 'token', id: token.id, name: input.name },
        siteId: null,
      });
      return { ...(await toView(stores, token)), token: secret };
    });
  }
}

export class RevokeToken {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async execute(ctx: RequestContext, id: string): Promise<void> {
    const now = new Date(this.clock.now());
    await this.db.transaction(async (stores) => {
      const token = (await stores.access.listTokens()).find((known) => known.id === id);
      if (token === undefined || !within(ctx, token)) throw notFound('token', id);
      await stores.access.revokeToken(id, now);
      record(stores, ctx.actor, now, {
        code: 'TokenRevoked',
        message: `${ctx.actor} revoked a token`,
        object: { kind: 'token', id, name: id },
        siteId: null,
      });
    });
  }
}

import { randomUUID } from 'node:crypto';
import { Role } from '@takt/contracts';
import type { createSessionSchema } from '@takt/contracts';
import type { Clock } from '@takt/kernel';
import type { ApiToken, Database, Stores } from '@takt/persistence';
import type { z } from 'zod';
import { notFound, refused } from '../errors.js';
import type { RequestContext } from '../http/context.js';
import { record } from '../record.js';
import { requireFreeForm } from './actor-names.js';
import type { Attempts } from './attempts.js';
import { isLive } from './authenticator.js';
import { loginCodeInvalid, redeemLoginCode } from './login-code.js';
import { hashSecret, newToken } from './secrets.js';

export const SESSION_SECONDS = 12 * 3_600;

export interface OpenedSession {
  /** In clear; it goes into the cookie and nowhere else. */
  readonly secret: string;
  readonly maxAgeSeconds: number;
  readonly actor: string;
  readonly role: Role;
  readonly siteScope: readonly string[] | null;
}

type Rights = Pick<ApiToken, 'actor' | 'role' | 'siteIds' | 'madeFrom'> & { readonly until: Date };

/** Opens and ends sessions of the console: tokens of a kind of their own, which live in a cookie and not for long. */
export class Sessions {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly attempts: Attempts,
  ) {}

  /**
   * By a one-time code or an API token; `address` is the remote one.
   *
   * @throws TaktError `LoginCodeInvalid`, `TokenInvalid`, `TooManyAttempts`
   */
  async open(input: z.output<typeof createSessionSchema>, address: string): Promise<OpenedSession> {
    this.attempts.refuseGuessing(address);
    const { code, token, name } = input;
    if (code !== undefined) requireFreeForm(name);
    const secret = newToken('session');
    const now = new Date(this.clock.now());
    const latest = new Date(now.getTime() + SESSION_SECONDS * 1000);
    const rights = await this.db.transaction(async (stores) => {
      const found = code === undefined ? await byToken(stores, token ?? '', now, latest) : await byCode(stores, code, name, now, latest);
      if (found === undefined) return undefined;
      const id = randomUUID();
      const { until, ...given } = found;
      await stores.access.addToken({
        ...given,
        id,
        kind: 'session',
        hash: hashSecret(secret),
        createdAt: now,
        expiresAt: until,
        revokedAt: null,
      });
      record(stores, found.actor, now, {
        code: 'SessionOpened',
        message: `${found.actor} logged in to the console with ${code === undefined ? 'an API token' : 'a one-time code'}`,
        object: { kind: 'token', id, name: found.actor },
        siteId: null,
      });
      return found;
    });
    if (rights === undefined) {
      this.attempts.failed(address);
      throw code === undefined
        ? refused('TokenInvalid', 'the API token is wrong, revoked or expired', 'paste another one, or use a one-time code')
        : loginCodeInvalid();
    }
    return {
      secret,
      maxAgeSeconds: Math.floor((rights.until.getTime() - now.getTime()) / 1000),
      actor: rights.actor,
      role: rights.role as Role,
      siteScope: rights.siteIds,
    };
  }

  /** `id` is that of the session the call was made in; null where it was not made in one. */
  async end(ctx: RequestContext, id: string | null): Promise<void> {
    if (id === null) {
      throw refused('NoSession', 'the call carries a bearer token, not a session', 'end a token with `takt token revoke`');
    }
    const now = new Date(this.clock.now());
    await this.db.transaction(async (stores) => {
      if (!(await stores.access.revokeToken(id, now))) throw notFound('token', id);
      record(stores, ctx.actor, now, {
        code: 'SessionEnded',
        message: `${ctx.actor} logged out of the console`,
        object: { kind: 'token', id, name: ctx.actor },
        siteId: null,
      });
    });
  }
}

async function byCode(stores: Stores, code: string, name: string, now: Date, latest: Date): Promise<Rights | undefined> {
  if (!(await redeemLoginCode(stores, code, name, now))) return undefined;
  return { actor: name, role: Role.admin, siteIds: null, madeFrom: null, until: latest };
}

/** A session reaches as far as its token, and no longer than that lives. */
async function byToken(stores: Stores, secret: string, now: Date, latest: Date): Promise<Rights | undefined> {
  const token = await stores.access.findToken(hashSecret(secret.trim()));
  if (token === null || token.kind !== 'api' || !isLive(token, now)) return undefined;
  const until = token.expiresAt !== null && token.expiresAt < latest ? token.expiresAt : latest;
  return { actor: token.actor, role: token.role, siteIds: token.siteIds, madeFrom: token.id, until };
}

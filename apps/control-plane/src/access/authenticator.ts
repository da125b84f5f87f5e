import type { Role } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { Clock } from '@takt/kernel';
import type { Database } from '@takt/persistence';
import type { RequestContext } from '../http/context.js';
import { hashSecret } from './secrets.js';

const BEARER = /^Bearer ([\w.~+/=-]+)$/i;

/** Turns a bearer token into an actor with a role and a site scope. */
export class Authenticator {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  /** @throws TaktError `NotAuthenticated` without a token, `TokenInvalid` for an unknown, revoked or expired one */
  async authenticate(header: string | undefined, requestId: string): Promise<RequestContext> {
    const secret = header === undefined ? undefined : BEARER.exec(header)?.[1];
    if (secret === undefined) {
      throw new TaktError({ code: 'NotAuthenticated', message: 'the call carries no bearer token', action: 'log in with `takt login`' });
    }
    const token = await this.db.stores.access.findToken(hashSecret(secret));
    const expired = token?.expiresAt !== null && token?.expiresAt !== undefined && token.expiresAt.getTime() <= this.clock.now();
    if (token === null || token.revokedAt !== null || expired) {
      throw new TaktError({
        code: 'TokenInvalid',
        message: expired ? 'the token has expired' : 'the token is not valid',
        action: 'log in again with `takt login`',
      });
    }
    return { actor: token.actor, role: token.role as Role, siteScope: token.siteIds, requestId };
  }
}

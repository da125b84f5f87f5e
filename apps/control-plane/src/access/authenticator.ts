import type { Role } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { Clock } from '@takt/kernel';
import type { ApiToken, Database } from '@takt/persistence';
import type { RequestContext } from '../http/context.js';
import { hashSecret } from './secrets.js';

/** What a request proves its actor by. */
export interface Credentials {
  /** The `Authorization` header. */
  readonly bearer: string | undefined;
  /** What the console's cookie holds; looked at only without a header. */
  readonly session: string | undefined;
}

export interface Authenticated {
  readonly context: RequestContext;
  /** Id of the session; null with a bearer token. */
  readonly sessionId: string | null;
}

const BEARER = /^Bearer ([\w.~+/=-]+)$/i;

export const isLive = (token: Pick<ApiToken, 'revokedAt' | 'expiresAt'>, now: Date): boolean =>
  token.revokedAt === null && (token.expiresAt === null || token.expiresAt > now);

/** Turns a bearer token or a session into an actor with a role and a site scope. */
export class Authenticator {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  /** @throws TaktError `NotAuthenticated` without credentials, `TokenInvalid` for unknown, revoked or expired ones */
  async authenticate({ bearer, session }: Credentials, requestId: string): Promise<Authenticated> {
    const kind = bearer === undefined && session !== undefined ? 'session' : 'api';
    const secret = kind === 'session' ? session : BEARER.exec(bearer ?? '')?.[1];
    if (secret === undefined) {
      throw new TaktError({
        code: 'NotAuthenticated',
        message: 'the call carries neither a bearer token nor a session',
        action: 'log in with `takt login`, or in the console',
      });
    }
    const token = await this.db.stores.access.findToken(hashSecret(secret));
    if (token === null || token.kind !== kind || !isLive(token, new Date(this.clock.now()))) {
      const expired = token !== null && token.kind === kind && token.revokedAt === null;
      const noun = kind === 'session' ? 'session' : 'token';
      throw new TaktError({
        code: 'TokenInvalid',
        message: expired ? `the ${noun} has expired` : `the ${noun} is not valid`,
        action: kind === 'session' ? 'log in again' : 'log in again with `takt login`',
      });
    }
    return {
      context: { actor: token.actor, role: token.role as Role, siteScope: token.siteIds, requestId },
      sessionId: kind === 'session' ? token.id : null,
    };
  }
}

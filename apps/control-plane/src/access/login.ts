import { randomUUID } from 'node:crypto';
import { Role } from '@takt/contracts';
import type { LoginReply } from '@takt/contracts';
import type { Clock } from '@takt/kernel';
import type { Database } from '@takt/persistence';
import { record } from '../record.js';
import { requireFreeForm } from './actor-names.js';
import type { Attempts } from './attempts.js';
import { loginCodeInvalid, redeemLoginCode } from './login-code.js';
import { hashSecret, newToken } from './secrets.js';

/** Exchanges the one-time code for an admin token. */
export class Login {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly attempts: Attempts,
  ) {}

  /** `address` is the remote one. */
  async execute(input: { readonly code: string; readonly name: string }, address: string): Promise<LoginReply> {
    this.attempts.refuseGuessing(address);
    requireFreeForm(input.name);
    const token = newToken('api');
    const now = new Date(this.clock.now());
    const accepted = await this.db.transaction(async (stores) => {
      if (!(await redeemLoginCode(stores, input.code, input.name, now))) return false;
      const id = randomUUID();
      await stores.access.addToken({
        id,
        kind: 'api',
        madeFrom: null,
        actor: input.name,
        hash: hashSecret(token),
        role: Role.admin,
        siteIds: null,
        createdAt: now,
        expiresAt: null,
        revokedAt: null,
      });
      record(stores, input.name, now, {
        code: 'LoggedIn',
        message: `${input.name} exchanged the one-time code for an admin token`,
        object: { kind: 'token', id, name: input.name },
        siteId: null,
      });
      return true;
    });
    if (!accepted) {
      this.attempts.failed(address);
      throw loginCodeInvalid();
    }
    return { token, actor: input.name, role: Role.admin, expiresAt: null };
  }
}

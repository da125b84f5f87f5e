import type { EntityManager } from 'typeorm';
import { insertRow, int, json, key, maybe, table, text, time, updateRows, uuid } from '../schema.js';

export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
}
export interface ApiToken {
  readonly id: string;
  readonly actor: string;
  readonly hash: string;
  readonly role: string;
  readonly siteIds: readonly string[] | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}
export interface LoginCode {
  readonly hash: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
}
export interface JoinToken {
  readonly id: string;
  readonly siteId: string;
  readonly hash: string;
  readonly uses: number;
  readonly usesLeft: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export const actors = table<Actor>('actors', { id: key(uuid), name: text, createdAt: time });
export const apiTokens = table<ApiToken>('api_tokens', {
  id: key(uuid),
  actor: text,
  hash: text,
  role: text,
  siteIds: maybe(json),
  createdAt: time,
  expiresAt: maybe(time),
  revokedAt: maybe(time),
});
export const loginCodes = table<LoginCode>('login_codes', { hash: key(text), createdAt: time, expiresAt: time, usedAt: maybe(time) });
export const joinTokens = table<JoinToken>('join_tokens', {
  id: key(uuid),
  siteId: uuid,
  hash: text,
  uses: int,
  usesLeft: int,
  createdAt: time,
  expiresAt: time,
});

/** Actors, API tokens, one-time login codes and join tokens. Secrets are here as SHA-256 only. */
export class AccessStore {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  async ensureActor(actor: Actor): Promise<void> {
    await this.#manager.query('INSERT INTO actors (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING', [
      actor.id,
      actor.name,
      actor.createdAt,
    ]);
  }

  async findActor(name: string): Promise<Actor | null> {
    return this.#manager.getRepository(actors).findOneBy({ name });
  }

  async addToken(token: ApiToken): Promise<void> {
    await insertRow(this.#manager, apiTokens, token);
  }

  async findToken(hash: string): Promise<ApiToken | null> {
    return this.#manager.getRepository(apiTokens).findOneBy({ hash });
  }

  async listTokens(): Promise<ApiToken[]> {
    return this.#manager.getRepository(apiTokens).find({ order: { createdAt: 'DESC' } });
  }

  async revokeToken(id: string, at: Date): Promise<boolean> {
    return (await updateRows(this.#manager, apiTokens, { id }, { revokedAt: at })) > 0;
  }

  /** A new code makes every older one useless. */
  async replaceLoginCode(code: LoginCode): Promise<void> {
    await this.#manager.query('DELETE FROM login_codes');
    await insertRow(this.#manager, loginCodes, code);
  }

  /** True once, for a code that is known, unused and not expired. */
  async spendLoginCode(hash: string, now: Date): Promise<boolean> {
    const rows: unknown[] = await this.#manager.query(
      'WITH spent AS (UPDATE login_codes SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING hash) SELECT hash FROM spent',
      [hash, now],
    );
    return rows.length > 0;
  }

  async addJoinToken(token: JoinToken): Promise<void> {
    await insertRow(this.#manager, joinTokens, token);
  }

  async listJoinTokens(): Promise<JoinToken[]> {
    return this.#manager.getRepository(joinTokens).find({ order: { createdAt: 'DESC' } });
  }

  /** Locked until the transaction ends, so that the last use is spent once. */
  async findJoinToken(hash: string): Promise<JoinToken | null> {
    return this.#manager.getRepository(joinTokens).findOne({ where: { hash }, lock: { mode: 'pessimistic_write' } });
  }

  async spendJoinToken(token: JoinToken): Promise<void> {
    await updateRows(this.#manager, joinTokens, { id: token.id }, { usesLeft: token.usesLeft - 1 });
  }
}

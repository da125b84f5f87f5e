import type { EntityManager } from 'typeorm';
import { insertRow, int, json, key, maybe, table, text, time, updateRows, uuid } from '../schema.js';

export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
}
export interface ApiToken {
  readonly id: string;
  /** A session is what the console's cookie holds; it is no bearer token, and a bearer token is no session. */
  readonly kind: 'api' | 'session';
  /** The API token that a session was opened with; it ends with that token. */
  readonly madeFrom: string | null;
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
  /** What it was made for; whoever holds it may still choose. */
  readonly purpose: 'token' | 'session';
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
  kind: text,
  madeFrom: maybe(uuid),
  actor: text,
  hash: text,
  role: text,
  siteIds: maybe(json),
  createdAt: time,
  expiresAt: maybe(time),
  revokedAt: maybe(time),
});
export const loginCodes = table<LoginCode>('login_codes', {
  hash: key(text),
  purpose: text,
  createdAt: time,
  expiresAt: time,
  usedAt: maybe(time),
});
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

  /** Sessions that were opened with it end too. */
  async revokeToken(id: string, at: Date): Promise<boolean> {
    const rows: unknown[] = await this.#manager.query(
      `WITH gone AS (
         UPDATE api_tokens SET revoked_at = $2 WHERE (id = $1 OR made_from = $1) AND revoked_at IS NULL RETURNING id
       ) SELECT id FROM gone`,
      [id, at],
    );
    return rows.length > 0;
  }

  /** Deletes sessions that ended before, `limit` at most; returns how many. */
  async sweepSessions(endedBefore: Date, limit: number): Promise<number> {
    const rows: unknown[] = await this.#manager.query(
      `WITH old AS (
         SELECT id FROM api_tokens WHERE kind = 'session' AND LEAST(expires_at, revoked_at) < $1 LIMIT $2
       ), gone AS (DELETE FROM api_tokens WHERE id IN (SELECT id FROM old) RETURNING 1) SELECT 1 FROM gone`,
      [endedBefore, limit],
    );
    return rows.length;
  }

  /** A new code makes every older one of its purpose useless. */
  async replaceLoginCode(code: LoginCode): Promise<void> {
    await this.#manager.query('DELETE FROM login_codes WHERE purpose = $1', [code.purpose]);
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

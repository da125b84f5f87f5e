import { Socket } from 'node:net';
import pg from 'pg';

/** How long an orderly goodbye may take before the socket is closed, ms. */
const GOODBYE_MS = 1_000;
/** Silence after which the kernel asks the other side for a sign of life, ms. */
const KEEPALIVE_MS = 10_000;

export interface BoundedClientOptions extends pg.ClientConfig {
  /** How long the server may take to answer a query, ms. */
  readonly answerMs?: number;
}

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';

/** No answer came in time; the connection is closed, since a late answer would be taken for that of the next query. */
export class DatabaseSilent extends Error {
  constructor(answerMs: number) {
    super(`PostgreSQL did not answer within ${String(answerMs)} ms`);
    this.name = 'DatabaseSilent';
  }
}

/**
 * A client of PostgreSQL that waits for nothing without limit. The driver's own `query_timeout` leaves the client busy with
 * the query that was given up, and a pool would hand it out again: here the socket is closed, which ends the query with
 * `DatabaseSilent` and takes the client out of its pool.
 */
export class BoundedClient extends pg.Client {
  readonly #socket: Socket;
  readonly #answerMs: number | undefined;

  constructor(options: BoundedClientOptions = {}) {
    const socket = new Socket();
    super({ ...options, keepAlive: true, keepAliveInitialDelayMillis: KEEPALIVE_MS, stream: () => socket });
    this.#socket = socket;
    this.#answerMs = options.answerMs;
  }

  // The driver declares one overload per form of a query; this passes on whichever it is given.
  override query = ((...given: unknown[]): unknown => {
    const run = pg.Client.prototype.query as (this: pg.Client, ...given: unknown[]) => unknown;
    const result = run.apply(this, given);
    const answerMs = this.#answerMs;
    if (answerMs === undefined || !isPromise(result)) return result;
    const timer = setTimeout(() => {
      this.#socket.destroy(new DatabaseSilent(answerMs));
    }, answerMs);
    return result.finally(() => {
      clearTimeout(timer);
    });
  }) as pg.Client['query'];

  override end = ((done?: (error?: Error) => void): Promise<void> | undefined => {
    const timer = setTimeout(() => {
      this.#socket.destroy();
    }, GOODBYE_MS);
    this.#socket.once('close', () => {
      clearTimeout(timer);
    });
    const end = pg.Client.prototype.end as (this: pg.Client, done?: (error?: Error) => void) => Promise<void> | undefined;
    return done === undefined ? end.call(this) : end.call(this, done);
  }) as pg.Client['end'];
}

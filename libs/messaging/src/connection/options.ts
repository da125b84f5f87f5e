import type { Authenticator, NodeConnectionOptions } from '@nats-io/transport-node';
import { jwtAuthenticator } from '@nats-io/transport-node';
import type { UserCredentials } from '../trust/users.js';

const encoder = new TextEncoder();

/** Asks for the credentials at each (re)connect, so that a renewed JWT is used without a new connection object. */
export const userAuthenticator = (credentials: () => UserCredentials): Authenticator =>
  jwtAuthenticator(
    () => credentials().jwt,
    () => encoder.encode(credentials().seed),
  );

const SHORTEST_OUTAGE_MS = 500;
const LONGEST_OUTAGE_MS = 60_000;
const CONNECT_TIMEOUT_MS = 5000;

/**
 * Delays between connection attempts: a quarter to a half (drawn at random per outage, so that a fleet does not come back
 * in one instant) of the time already spent without a connection; from 125–250 ms up to 15–30 s. It depends on time and
 * not on the number of calls, because the client library asks several times while it waits. More than a half would let
 * the wait run away: the library compares it with the time since the last attempt, which grows no faster.
 *
 * Not everybody who connects can call `reset` (Nest's transport cannot), and the library asks before the very first attempt
 * too: taken for one outage, a minute of good connection would keep the next restart of the server out for half a minute.
 */
export class Backoff {
  readonly #monotonic: () => number;
  readonly #random: () => number;
  #since: number | undefined;
  #lastCall = 0;
  #lastDelay = 0;
  #factor: number;

  constructor(monotonic: () => number = () => performance.now(), random: () => number = Math.random) {
    this.#monotonic = monotonic;
    this.#random = random;
    this.#factor = 0.25 + random() / 4;
  }

  next(): number {
    const now = this.#monotonic();
    // Without a connection the library asks again after the delay, or after an attempt. A longer silence: a connection stood.
    if (now - this.#lastCall > this.#lastDelay + 2 * CONNECT_TIMEOUT_MS) this.reset();
    this.#lastCall = now;
    this.#since ??= now;
    this.#lastDelay = this.#factor * Math.min(LONGEST_OUTAGE_MS, Math.max(SHORTEST_OUTAGE_MS, now - this.#since));
    return this.#lastDelay;
  }

  reset(): void {
    this.#since = undefined;
    this.#factor = 0.25 + this.#random() / 4;
  }
}

/**
 * What every connection of takt has in common. The library's defaults give up after 10 attempts or two refusals in a row
 * (a box would stay stranded after a server restart of 20 s), and notice a dead peer only after minutes.
 */
export const resilientOptions = (backoff: Backoff): NodeConnectionOptions => ({
  maxReconnectAttempts: -1,
  ignoreAuthErrorAbort: true,
  reconnectDelayHandler: () => backoff.next(),
  pingInterval: 20_000,
  maxPingOut: 2,
  timeout: CONNECT_TIMEOUT_MS,
  noAsyncTraces: true,
});

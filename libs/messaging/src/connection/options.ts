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

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 30_000;

/**
 * Delays between connection attempts: about half of the time already spent without a connection, from 250 ms to 30 s,
 * times a random factor that a process draws per outage, so that a fleet does not come back in one instant. It depends on
 * time and not on the number of calls, because the client library asks several times per attempt.
 */
export class Backoff {
  readonly #monotonic: () => number;
  readonly #random: () => number;
  #since: number | undefined;
  #lastCall = 0;
  #factor: number;

  constructor(monotonic: () => number = () => performance.now(), random: () => number = Math.random) {
    this.#monotonic = monotonic;
    this.#random = random;
    this.#factor = 0.5 + random() / 2;
  }

  next(): number {
    const now = this.#monotonic();
    // Attempts never lie further apart than the longest delay, so a longer silence means that a connection stood.
    if (now - this.#lastCall > 2 * MAX_DELAY_MS) this.reset();
    this.#lastCall = now;
    this.#since ??= now;
    return this.#factor * Math.min(MAX_DELAY_MS, Math.max(FIRST_DELAY_MS, now - this.#since));
  }

  reset(): void {
    this.#since = undefined;
    this.#factor = 0.5 + this.#random() / 2;
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
  timeout: 5000,
  noAsyncTraces: true,
});

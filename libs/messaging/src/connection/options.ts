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

/** Delays between connection attempts: doubling from 250 ms to 30 s, each shortened by up to half at random. */
export class Backoff {
  #attempt = 0;

  next(): number {
    const full = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(this.#attempt, 10));
    this.#attempt += 1;
    return full * (0.5 + Math.random() / 2);
  }

  reset(): void {
    this.#attempt = 0;
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

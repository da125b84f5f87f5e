import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '@takt/kernel';
import { closeConnection } from './close-connection.js';
import type { ConnectOptions } from './connect.js';
import { connectForever } from './connect.js';
import type { ConnectionNotification } from './notifications.js';
import { connectionNotifications } from './notifications.js';
import { NotificationHub } from './notification-hub.js';

export interface LivenessOptions {
  /** Time between two checks. Default 15 s. */
  readonly everyMs?: number;
  /** How long the server may take to answer a check. Default 10 s. */
  readonly answerWithinMs?: number;
  /** A connection that is not up and shows no attempt for this long is given up. Default 90 s; attempts are at most 30 s apart. */
  readonly silentMs?: number;
}

/** A connection that is replaced when the client library has lost track of it. */
export interface LastingConnection {
  /** The connection of this moment; do not keep it. */
  current(): NatsConnection;
  isConnected(): boolean;
  /** From now on, starting with the present state; ends after `closed`. */
  notifications(): AsyncGenerator<ConnectionNotification, void, undefined>;
  /** Runs `subscribe` now and on each replacement; the returned function ends it. */
  subscribe(subscribe: (connection: NatsConnection) => { unsubscribe(): void }): () => void;
  close(): Promise<void>;
}

/**
 * The library reconnects by itself when it sees a connection end. What it sees late or not at all (a peer that is frozen
 * or was cut off without a word, a state machine that lost its socket) is found here: the connection is asked for a sign
 * of life, and one that gives none is closed and replaced by a new one.
 */
export const lastingConnection = async (options: ConnectOptions, liveness: LivenessOptions = {}): Promise<LastingConnection> => {
  const { everyMs = 15_000, answerWithinMs = 10_000, silentMs = 90_000 } = liveness;
  const closing = new AbortController();
  const hub = new NotificationHub();
  const subscriptions = new Map<
    symbol,
    { readonly subscribe: (connection: NatsConnection) => { unsubscribe(): void }; active: { unsubscribe(): void } }
  >();
  let connection = await connectForever(options);
  let connected = true;
  let lastNewsAt = performance.now();

  const follow = async (followed: NatsConnection): Promise<void> => {
    for await (const notification of connectionNotifications(followed, false)) {
      if (followed !== connection) return;
      lastNewsAt = performance.now();
      if (notification.type === 'connected') connected = true;
      else if (notification.type === 'disconnected' || notification.type === 'closed') connected = false;
      if (notification.type !== 'closed' || closing.signal.aborted) hub.push(notification);
    }
  };

  const answers = async (): Promise<boolean> => {
    const answered = connection.flush().then(
      () => true,
      () => false,
    );
    return Promise.race([answered, sleep(answerWithinMs, false, { signal: closing.signal, ref: false }).catch(() => true)]);
  };

  const isAlive = async (): Promise<boolean> => {
    if (connection.isClosed()) return false;
    if (!connected) return performance.now() - lastNewsAt < silentMs;
    const asked = connection;
    // It may have gone down in an orderly way while it was asked.
    return (await answers()) || !connected || asked !== connection;
  };

  const replace = async (logger: Logger): Promise<void> => {
    logger.warn('NATS connection gives no sign of life, replacing it');
    const old = connection;
    connected = false;
    hub.push({ type: 'disconnected', server: old.getServer() });
    void old.close().catch(() => undefined);
    connection = await connectForever({ ...options, signal: closing.signal });
    connected = true;
    lastNewsAt = performance.now();
    for (const entry of subscriptions.values()) entry.active = entry.subscribe(connection);
    hub.push({ type: 'connected', server: connection.getServer() });
    void follow(connection);
  };

  const watch = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await sleep(everyMs, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
      if (closing.signal.aborted || (await isAlive())) continue;
      await replace(options.logger).catch(() => undefined);
    }
  };

  void follow(connection);
  void watch();
  return {
    current: () => connection,
    isConnected: () => connected && !connection.isClosed(),
    notifications: () => hub.listen(connected ? [{ type: 'connected', server: connection.getServer() }] : []),
    subscribe(subscribe) {
      const key = Symbol('subscription');
      subscriptions.set(key, { subscribe, active: subscribe(connection) });
      return () => {
        subscriptions.get(key)?.active.unsubscribe();
        subscriptions.delete(key);
      };
    },
    async close() {
      closing.abort();
      await closeConnection(connection);
      connected = false;
      hub.end({ type: 'closed' });
    },
  };
};

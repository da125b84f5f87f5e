import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { connect } from '@nats-io/transport-node';
import type { Logger } from '@takt/kernel';
import type { UserCredentials } from '../trust/users.js';
import type { ConnectionNotification } from './notifications.js';
import { refusal } from './notifications.js';
import { Backoff, resilientOptions, userAuthenticator } from './options.js';

export interface ConnectOptions {
  readonly servers: readonly string[];
  readonly name: string;
  readonly inboxPrefix: string;
  readonly credentials: () => UserCredentials;
  readonly logger: Logger;
  /** Ends the attempts; `connectForever` then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** A server was reached and refused the credentials. Without a connection nobody can read notifications, hence a call. */
  readonly onRefused?: ((refused: Extract<ConnectionNotification, { type: 'refused' }>) => void) | undefined;
}

/** Tries until a server takes the connection; afterwards the connection repairs itself for as long as it is open. */
export const connectForever = async (options: ConnectOptions): Promise<NatsConnection> => {
  const { servers, name, inboxPrefix, logger, signal } = options;
  const backoff = new Backoff();
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      const connection = await connect({
        ...resilientOptions(backoff),
        servers: [...servers],
        name,
        inboxPrefix,
        authenticator: userAuthenticator(options.credentials),
      });
      backoff.reset();
      void resetOnReconnect(connection, backoff);
      if (signal?.aborted === true) {
        await connection.close();
        signal.throwIfAborted();
      }
      return connection;
    } catch (thrown) {
      signal?.throwIfAborted();
      const refused = thrown instanceof Error ? refusal(thrown) : undefined;
      if (refused?.type === 'refused') options.onRefused?.(refused);
      if (attempt === 1) logger.warn('NATS is not reachable, trying again', { error: thrown });
      await sleep(backoff.next(), undefined, signal === undefined ? {} : { signal });
    }
  }
};

const resetOnReconnect = async (connection: NatsConnection, backoff: Backoff): Promise<void> => {
  for await (const status of connection.status()) if (status.type === 'reconnect') backoff.reset();
};

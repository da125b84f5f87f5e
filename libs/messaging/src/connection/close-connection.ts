import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';

/** How long what is on its way may take to leave, and then the goodbye, ms. */
const DRAIN_MS = 2_000;
const CLOSE_MS = 500;

/** Sends what is on its way, then closes. A server that has stopped without a word takes nothing and holds no one up. */
export const closeConnection = async (connection: NatsConnection): Promise<void> => {
  if (connection.isClosed()) return;
  const drained = connection.drain().then(
    () => true,
    () => false,
  );
  if (await Promise.race([drained, sleep(DRAIN_MS, false, { ref: false })])) return;
  await Promise.race([connection.close().catch(() => undefined), sleep(CLOSE_MS, undefined, { ref: false })]);
};

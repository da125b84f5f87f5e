import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

/**
 * Below the range from which Linux takes the local ports of outgoing connections (32768 and up): such a connection would take the port
 * between the moment it is found free and the moment the server listens on it.
 */
const [FIRST_PORT, LAST_PORT] = [20_000, 32_000];
const MAX_TRIES = 200;
/** Ports that this process has found, so that none is given to two servers that start at the same time. */
const given = new Set<number>();

const listenOnce = async (port: number, host: string): Promise<number> => {
  const server = createServer();
  server.listen(port, host);
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return bound;
};

/** A TCP port on `host` that no server listens on at this moment. */
export const freePort = async (host = '127.0.0.1'): Promise<number> => {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (given.has(port)) continue;
    try {
      await listenOnce(port, host);
      given.add(port);
      return port;
    } catch {
      // Taken: the next one.
    }
  }
  return listenOnce(0, host);
};

/** `preferred` where it is free, else any free port; the caller tells the user when they differ. */
export const preferredPort = (preferred: number, host = '127.0.0.1'): Promise<number> =>
  listenOnce(preferred, host).catch(() => freePort(host));

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

const listenOnce = async (port: number, host: string): Promise<number> => {
  const server = createServer();
  server.listen(port, host);
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return bound;
};

/** A TCP port on `host` that nobody listens on at this moment. */
export const freePort = (host = '127.0.0.1'): Promise<number> => listenOnce(0, host);

/** `preferred` where it is free, else any free port; the caller tells the user when they differ. */
export const preferredPort = (preferred: number, host = '127.0.0.1'): Promise<number> =>
  listenOnce(preferred, host).catch(() => freePort(host));

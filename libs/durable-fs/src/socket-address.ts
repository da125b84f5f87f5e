import { open } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, dirname } from 'node:path';

/** A Unix socket's path holds 108 bytes on Linux, one of them the terminating zero. */
const MAX_SOCKET_PATH_BYTES = 107;

export interface SocketAddress {
  /** What to listen on or to connect to. */
  readonly address: string;
  /** After this the address means nothing where the path was too long. */
  close(): Promise<void>;
}

/** A socket of any path: one that is too long for a socket address is reached through its opened folder, which must be there. */
export async function socketAddress(path: string): Promise<SocketAddress> {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return { address: path, close: () => Promise.resolve() };
  const folder = await open(dirname(path), 'r');
  return { address: `/proc/self/fd/${String(folder.fd)}/${basename(path)}`, close: () => folder.close() };
}

/** Whether a live process listens there; a socket file that a killed one left refuses connections. */
export const answersOn = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(address);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });

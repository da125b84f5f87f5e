import { lstat, open, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, dirname } from 'node:path';
import { TaktError } from '@takt/kernel';
import { kindOf } from './file-kind.js';

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

/**
 * Removes the socket file that a killed process left, so that the path can be listened on. Nothing happens where there is
 * none. Call it only when no process answers on it.
 *
 * @throws TaktError `SocketPathTaken`: something else is in its place, and stays there untouched
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch((thrown: unknown) => {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new TaktError({
      code: 'SocketPathTaken',
      message: `${path} is ${kindOf(found)}, not a socket; takt leaves it as it is`,
      action: 'move it away: takt makes its socket there when it starts',
      component: 'durable-fs',
      element: path,
    });
  }
  await rm(path, { force: true });
}

import { mkdir, open, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { basename, dirname } from 'node:path';
import { TaktError } from '@takt/kernel';

/** A Unix socket's path holds 108 bytes on Linux, one of them the terminating zero. */
const MAX_SOCKET_PATH_BYTES = 107;

/**
 * Holds a data folder for this process, by a socket that only a live process answers on.
 *
 * @throws TaktError `AgentAlreadyRunning`
 */
export async function holdInstance(path: string): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true });
  const folder = Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES ? await open(dirname(path), 'r') : undefined;
  const address = folder === undefined ? path : `/proc/self/fd/${String(folder.fd)}/${basename(path)}`;
  if (await answers(address)) {
    await folder?.close();
    throw new TaktError({
      code: 'AgentAlreadyRunning',
      message: `another agent runs with this data folder (${dirname(dirname(path))})`,
      action: 'stop it first, or give this one a folder of its own with --data',
      component: 'agent',
      element: path,
    });
  }
  await rm(path, { force: true });
  const server = createServer((socket) => {
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, resolve);
  });
  server.unref();
  return async () => {
    await new Promise((resolve) => server.close(resolve));
    await folder?.close();
  };
}

const answers = (address: string): Promise<boolean> =>
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

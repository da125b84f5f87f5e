import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { answersOn, removeStaleSocket, socketAddress } from '@takt/durable-fs';
import { TaktError } from '@takt/kernel';

/**
 * Holds a data folder for this process, by a socket that only a live process answers on.
 *
 * @throws TaktError `AgentAlreadyRunning`; `SocketPathTaken` where something else than a socket is in the place of the lock;
 *   `DataFolderUnusable` where the system refuses one
 */
export async function holdInstance(path: string): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true });
  const held = await socketAddress(path);
  const server = createServer((socket) => {
    socket.destroy();
  });
  try {
    if (await answersOn(held.address)) throw alreadyRunning(path);
    await removeStaleSocket(path);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(held.address, resolve);
    });
  } catch (thrown) {
    await held.close();
    throw thrown instanceof TaktError ? thrown : notHeld(path, thrown);
  }
  server.unref();
  return async () => {
    await new Promise((resolve) => server.close(resolve));
    await held.close();
  };
}

const alreadyRunning = (path: string): TaktError =>
  new TaktError({
    code: 'AgentAlreadyRunning',
    message: `another agent runs with this data folder (${dirname(dirname(path))})`,
    action: 'stop it first, or give this one a folder of its own with --data',
    component: 'agent',
    element: path,
  });

const notHeld = (path: string, cause: unknown): TaktError =>
  new TaktError({
    code: 'DataFolderUnusable',
    message: `the lock ${path} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}`,
    action: 'check the disk of the node (dmesg, smartctl -a), whether it is mounted read-only, and the owner and mode of the folder',
    component: 'agent',
    element: path,
    cause,
  });

import { mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { answersOn, socketAddress } from '@takt/durable-fs';
import { TaktError } from '@takt/kernel';

/**
 * Holds a data folder for this process, by a socket that only a live process answers on.
 *
 * @throws TaktError `AgentAlreadyRunning`
 */
export async function holdInstance(path: string): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true });
  const held = await socketAddress(path);
  if (await answersOn(held.address)) {
    await held.close();
    throw new TaktError({
      code: 'AgentAlreadyRunning',
      message: `another agent runs with this data folder (${dirname(dirname(path))})`,
      action: 'stop it first, or give this one a folder of its own with --data',
      component: 'agent',
      element: path,
    });
  }
  await rm(path, { force: true, recursive: true });
  const server = createServer((socket) => {
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(held.address, resolve);
  });
  server.unref();
  return async () => {
    await new Promise((resolve) => server.close(resolve));
    await held.close();
  };
}

import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;

/**
 * Runs `work` on `folder` while no other process of this machine does. What it holds is a Linux socket without a file, which
 * the kernel gives back when a process dies, however it dies.
 */
export async function oneAtATime<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const name = `\0takt-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`;
  let held = await hold(name);
  while (held === undefined) {
    await sleep(POLL_MS);
    held = await hold(name);
  }
  const server = held;
  try {
    return await work();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

const hold = (name: string): Promise<Server | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(name, () => {
      resolve(server);
    });
  });

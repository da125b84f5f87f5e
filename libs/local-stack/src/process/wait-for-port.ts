import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const accepts = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host);
    const finish = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => {
      finish(true);
    });
    socket.once('error', () => {
      finish(false);
    });
  });

/** True once something accepts connections; false when `giveUp` says so first or the time is over. */
export const waitForPort = async (port: number, host: string, giveUp: () => boolean, timeoutMs: number): Promise<boolean> => {
  const deadline = performance.now() + timeoutMs;
  while (!giveUp() && performance.now() < deadline) {
    if (await accepts(port, host)) return true;
    await sleep(25);
  }
  return false;
};

import type { Logger } from '@takt/kernel';
import { startControlPlane } from '../boot/start.js';
import type { Config } from '../config.js';

/** Runs until the signal. */
export async function run(config: Config, logger: Logger, signal: AbortSignal, print: (text: string) => void): Promise<void> {
  const controlPlane = await startControlPlane(config, logger, signal);
  print(`takt control plane: ${config.publicUrl ?? controlPlane.url}/api/docs\n`);
  if (controlPlane.loginCode !== null) print(`one-time login code: ${controlPlane.loginCode}\n`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
  });
  logger.info('control plane stops');
  await controlPlane.stop();
}

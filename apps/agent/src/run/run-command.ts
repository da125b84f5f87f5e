import { LogField } from '@takt/kernel';
import { Daemon } from '../daemon/daemon.js';
import { holdInstance } from '../daemon/instance-lock.js';
import { prepareFolders, prepareOwnFolder } from '../state/prepare-folders.js';
import { StateFiles } from '../state/state-files.js';
import type { AgentContext } from './context.js';
import { settleIdentity } from './settle-identity.js';
import { endWithin } from './stop-deadline.js';

/** Below the unit's TimeoutStopSec, above what a worker gets to end. */
const STOP_DEADLINE_MS = 15_000;

/** `takt-agent run`: joins first where it must, then keeps the node as it is wanted until SIGTERM or SIGINT. */
export async function runCommand(context: AgentContext): Promise<number> {
  const { folder, fs, logger } = context;
  const stop = new AbortController();
  const onSignal = (): void => {
    stop.abort(new Error('stopped by a signal'));
    endWithin(STOP_DEADLINE_MS, logger);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  const files = new StateFiles(context);
  await prepareOwnFolder(files, folder);
  const release = await holdInstance(folder.lock);
  try {
    await prepareFolders(files, folder);
    await fs.remove(folder.work).catch((thrown: unknown) => {
      logger.warn('work of the last run cannot be removed', { [LogField.error]: thrown });
    });
    const stored = await settleIdentity(context, files, stop.signal);
    const daemon = await Daemon.open({ ...context, files, stored });
    stop.signal.addEventListener('abort', () => {
      daemon.stop();
    });
    if (stop.signal.aborted) daemon.stop();
    logger.info('agent runs', { [LogField.nodeId]: stored.identity.nodeId });
    await daemon.run();
    logger.info('agent ended');
    return 0;
  } catch (thrown) {
    if (stop.signal.aborted) return 0;
    throw thrown;
  } finally {
    await release();
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
  }
}

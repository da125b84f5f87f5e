import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { sweepTemporaryFiles } from '@takt/durable-fs';
import { LogField, TaktError } from '@takt/kernel';
import { Daemon } from '../daemon/daemon.js';
import { holdInstance } from '../daemon/instance-lock.js';
import { loadIdentity } from '../identity/identity-store.js';
import type { StoredIdentity } from '../identity/identity-store.js';
import { joinNode } from '../identity/join.js';
import type { AgentContext } from './context.js';
import { joinNeeds } from './join-command.js';

/** Time between two attempts to join, ms. */
const JOIN_PAUSE_MS = 2_000;
/** Below the unit's TimeoutStopSec, above what a worker gets to end. */
const STOP_DEADLINE_MS = 15_000;

/** `takt-agent run`: joins first where it must, then keeps the node as it is wanted until SIGTERM or SIGINT. */
export async function runCommand(context: AgentContext): Promise<number> {
  const { folder, fs, logger } = context;
  const stop = new AbortController();
  const onSignal = (): void => {
    stop.abort(new Error('stopped by a signal'));
    // Whatever is stuck: everything that matters is on disk.
    setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  const release = await holdInstance(folder.lock);
  try {
    for (const path of [folder.identity.folder, folder.agent, folder.journal]) await sweepTemporaryFiles(path);
    await fs.remove(folder.work);
    const stored = await identityFor(context, stop.signal);
    const daemon = await Daemon.open({ ...context, stored });
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

/** The identity on disk, or a new one; waits for a control plane that is not there yet. */
async function identityFor({ config, folder, fs, logger }: AgentContext, signal: AbortSignal): Promise<StoredIdentity> {
  const stored = await loadIdentity(fs, folder);
  if (stored !== undefined) return stored;
  const { server, token, name } = config;
  if (server === undefined || token === undefined) throw joinNeeds();
  for (;;) {
    try {
      await joinNode(fs, folder, { server, token, name, hostname: hostname() });
      break;
    } catch (thrown) {
      if (!(thrown instanceof TaktError) || !thrown.retryable) throw thrown;
      logger.warn('this node cannot join yet', { [LogField.error]: thrown });
      await sleep(JOIN_PAUSE_MS, undefined, { signal });
    }
  }
  const joined = await loadIdentity(fs, folder);
  if (joined === undefined) throw joinNeeds();
  return joined;
}

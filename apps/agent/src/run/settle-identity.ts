import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { LogField, TaktError } from '@takt/kernel';
import { loadIdentity, recoverIdentity } from '../identity/identity-store.js';
import type { IdentityParts, StoredIdentity } from '../identity/identity-store.js';
import { joinNode } from '../identity/join.js';
import type { StateFiles } from '../state/state-files.js';
import type { AgentContext } from './context.js';
import { joinNeeds } from './join-command.js';

/** Time between two attempts to get an identity, ms: doubling from the first to the last. */
const FIRST_PAUSE_MS = 2_000;
const LAST_PAUSE_MS = 60_000;

/**
 * The identity on disk, or a new one; waits for a control plane that is not there yet. A node whose identity is damaged
 * waits too, and does not end: local commands and lines do not need it, and a restart every few seconds helps no one. It
 * asks again by its key alone where it has one, and notices when an operator joins the node again.
 *
 * @throws TaktError `NotJoined`, or the control plane's refusal of a first join
 */
export async function settleIdentity(context: AgentContext, files: StateFiles, signal: AbortSignal): Promise<StoredIdentity> {
  const { config, folder, fs, logger } = context;
  const parts = await recoverIdentity(files, folder);
  const { identity, seed, jwt, nodeId } = parts;
  if (identity !== undefined && seed !== undefined) return { identity, seed, jwt };
  const lost = await Promise.all(Object.values(folder.identity).map((path) => files.wasLost(path)));
  const isDamaged = lost.includes(true);
  const { server, token, name } = config;
  if (!isDamaged && (server === undefined || token === undefined)) throw joinNeeds();
  for (let pause = FIRST_PAUSE_MS; ; pause = isDamaged ? Math.min(LAST_PAUSE_MS, pause * 2) : FIRST_PAUSE_MS) {
    try {
      if (isDamaged && seed === undefined) throw identityDamaged(context, parts);
      const address = server ?? identity?.serverUrl;
      if (address === undefined) throw identityDamaged(context, parts);
      await joinNode(fs, folder, { server: address, token, name, hostname: hostname(), expected: nodeId });
    } catch (thrown) {
      if (!isDamaged && (!(thrown instanceof TaktError) || !thrown.retryable)) throw thrown;
      logger.warn(isDamaged ? 'identity is damaged; lines and local commands go on' : 'this node cannot join yet', {
        [LogField.error]: thrown,
      });
    }
    const joined = await loadIdentity(fs, folder);
    if (joined?.jwt !== undefined) return joined;
    await sleep(pause, undefined, { signal });
  }
}

function identityDamaged({ folder, config }: AgentContext, { seed }: IdentityParts): TaktError {
  const join = `takt-agent join --data ${config.dataDir} --server URL`;
  return new TaktError({
    code: 'IdentityDamaged',
    message:
      seed === undefined
        ? `the key of this node was damaged (see ${folder.quarantine}), so it cannot prove who it is`
        : `the address of the control plane was damaged with the identity of this node (see ${folder.quarantine})`,
    action:
      seed === undefined
        ? `restore ${folder.identity.seed} from a backup, or make a token with "takt join-token create --site SITE" and run: ${join} --token TOKEN; it is then another node, so move its lines to that one`
        : `run: ${join}; the key of this node is whole, so it needs no token`,
    component: 'agent',
    element: folder.identity.folder,
  });
}

import { hostname } from 'node:os';
import { examineFile } from '@takt/durable-fs';
import { TaktError } from '@takt/kernel';
import { loadIdentity } from '../identity/identity-store.js';
import type { NodeIdentity } from '../identity/identity-store.js';
import { joinNode } from '../identity/join.js';
import type { CommandResult } from '../local/output.js';
import type { AgentContext } from './context.js';

/** `takt-agent join`: gets an identity; with one already there it only says which. */
export async function joinCommand(context: AgentContext): Promise<CommandResult> {
  const { config, folder, fs } = context;
  const stored = await loadIdentity(fs, folder);
  if (stored?.jwt !== undefined) return described(stored.identity, 'this node joined before');
  const server = config.server ?? stored?.identity.serverUrl;
  // A key that the control plane knows needs no token; it says so where it does not know the key.
  const hasKey = (await examineFile(fs, folder.identity.seed)).kind === 'read';
  if (server === undefined || (config.token === undefined && !hasKey)) throw joinNeeds();
  const { token, name } = config;
  return described(await joinNode(fs, folder, { server, token, name, hostname: hostname() }), 'this node joined');
}

export const joinNeeds = (): TaktError =>
  new TaktError({
    code: 'NotJoined',
    message: 'this node has no identity yet',
    action: 'make a token with "takt join-token create --site SITE", then: takt-agent join --server URL --token TOKEN --data DIR',
    component: 'agent',
  });

const described = (identity: NodeIdentity, what: string): CommandResult => ({
  ok: true,
  data: { nodeId: identity.nodeId, nodeName: identity.nodeName, site: identity.site, serverUrl: identity.serverUrl },
  text: [`${what}: ${identity.nodeName} (${identity.nodeId}) of site ${identity.site}`],
});

import { API_PREFIX, apiRoutes, joinChallengeReplySchema, joinReplySchema } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { DurableFs, NodeId } from '@takt/kernel';
import { signNonce } from '@takt/messaging';
import type { DataFolder } from '../data-folder.js';
import { loadOrCreateKey, saveIdentity } from './identity-store.js';
import type { NodeIdentity } from './identity-store.js';
import { jsonCall, refusalOf } from './json-http.js';

const TIMEOUT_MS = 10_000;

export interface JoinInput {
  /** Address of the control plane, without `/api/v1`. */
  readonly server: string;
  /** Needed until the control plane knows this node's key. */
  readonly token?: string | undefined;
  /** The node that this key is known as; another answer is refused and nothing is stored. */
  readonly expected?: NodeId | undefined;
  readonly hostname: string;
  /** Name wanted for the node instead of its hostname. */
  readonly name?: string | undefined;
}

/**
 * Gets an identity: makes the key on this node (or takes the one that is there), signs the server's nonce, spends the
 * token. Calling it again with the same folder gives the same node and does not spend the token again.
 *
 * @throws TaktError `ServerUnreachable` (retryable); `IdentityChanged`; the control plane's own refusals
 */
export async function joinNode(fs: DurableFs, folder: DataFolder, input: JoinInput): Promise<NodeIdentity> {
  const key = await loadOrCreateKey(fs, folder);
  const challenge = joinChallengeReplySchema.parse(await post(input.server, apiRoutes.joinChallenge.path, { publicKey: key.publicKey }));
  const reply = joinReplySchema.parse(
    await post(input.server, apiRoutes.join.path, {
      token: input.token,
      publicKey: key.publicKey,
      nonce: challenge.nonce,
      signature: signNonce(key.seed, challenge.nonce),
      hostname: input.hostname,
      name: input.name,
    }),
  );
  const { nodeId, nodeName, site, natsUrls, serverUrl } = reply;
  if (input.expected !== undefined && nodeId !== input.expected) {
    throw new TaktError({
      code: 'IdentityChanged',
      message: `the control plane at ${input.server} knows this node's key as node ${nodeId}, this node is ${input.expected}`,
      action: 'check that the address is the right control plane; to follow it, join again with an empty data folder',
      component: 'agent',
      element: nodeId,
    });
  }
  const identity: NodeIdentity = { nodeId, nodeName, site, natsUrls, serverUrl, publicKey: key.publicKey };
  await saveIdentity(fs, folder, identity, reply.jwt);
  return identity;
}

async function post(server: string, path: string, body: unknown): Promise<unknown> {
  const url = new URL(`${server.replace(/\/+$/, '')}${API_PREFIX}${path}`);
  const reply = await jsonCall(url, 'POST', body, TIMEOUT_MS).catch((cause: unknown) => {
    throw new TaktError({
      code: 'ServerUnreachable',
      message: `the control plane at ${server} does not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
      action: 'check the address, the network and the name resolution of this node; it is tried again by itself',
      component: 'agent',
      element: server,
      retryable: true,
      cause,
    });
  });
  if (reply.status >= 200 && reply.status <= 299) return reply.body;
  throw refusalOf(reply, { code: 'JoinRefused', action: 'look at the reason; make a new token with "takt join-token create"' });
}

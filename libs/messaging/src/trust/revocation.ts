import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '@nats-io/jwt';
import { decode } from '@nats-io/jwt';
import { connect } from '@nats-io/transport-node';
import type { DurableFs } from '@takt/kernel';
import { TaktError } from '@takt/kernel';
import { userAuthenticator } from '../connection/options.js';
import type { Trust } from './trust.js';
import { encodeNodesAccount, storeNodesAccountJwt } from './trust.js';
import { SERVICE_INBOX, issueSystemUser } from './users.js';

const UPDATE_SUBJECT = '$SYS.REQ.CLAIMS.UPDATE';

interface ClaimsUpdateReply {
  readonly data?: { readonly code?: number };
  readonly error?: { readonly description?: string };
}

/**
 * Signs a JWT of the nodes' account in which every JWT issued to `publicKey` up to now is void, and stores it. A JWT issued later to
 * the same key (the node joined again) is valid. Takes effect on the server with `pushAccount`.
 */
export const revokeUser = async (fs: DurableFs, trust: Trust, publicKey: string): Promise<void> => {
  const { nats, iat } = decode<Account>(trust.nodesAccountJwt);
  // The server takes an update only when its issue time, in whole seconds, is newer than that of the one it has.
  const wait = (iat + 1) * 1000 - Date.now();
  if (wait > 0) await sleep(Math.min(wait, 1000));
  const now = Math.floor(Date.now() / 1000);
  const account: Partial<Account> = { ...nats, revocations: { ...nats.revocations, [publicKey]: now } };
  await storeNodesAccountJwt(fs, trust, await encodeNodesAccount(trust.operator, trust.nodesAccount, account));
};

/**
 * Gives the nodes' account JWT to a running server, which cuts off the connections of revoked users at once. Repeating it is
 * harmless: the server keeps the newest.
 *
 * @throws TaktError `AccountUpdateFailed` (retryable) where no server took it
 */
export const pushAccount = async (trust: Trust, servers: readonly string[]): Promise<void> => {
  const failed = (message: string, cause?: unknown): TaktError =>
    new TaktError({
      code: 'AccountUpdateFailed',
      message: `the NATS server did not take the new account: ${message}`,
      action: 'check that nats-server runs with the configuration of this trust folder',
      component: 'messaging',
      retryable: true,
      cause,
    });
  const user = await issueSystemUser(trust);
  try {
    const connection = await connect({
      servers: [...servers],
      authenticator: userAuthenticator(() => user),
      inboxPrefix: SERVICE_INBOX,
      reconnect: false,
      timeout: 5000,
    });
    try {
      const reply = (await connection.request(UPDATE_SUBJECT, trust.nodesAccountJwt, { timeout: 5000 })).json<ClaimsUpdateReply>();
      if (reply.data?.code !== 200) throw failed(reply.error?.description ?? 'no reason given');
    } finally {
      await connection.close();
    }
  } catch (thrown) {
    if (thrown instanceof TaktError) throw thrown;
    throw failed(thrown instanceof Error ? thrown.message : String(thrown), thrown);
  }
};

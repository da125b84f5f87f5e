import type { User } from '@nats-io/jwt';
import { decode, encodeUser } from '@nats-io/jwt';
import { createUser } from '@nats-io/nkeys';
import { nodePermissions } from '@takt/contracts';
import type { NodeId } from '@takt/kernel';
import { TaktError } from '@takt/kernel';
import type { Trust } from './trust.js';

/** A NATS user of this process: the JWT and the seed that proves it. */
export interface UserCredentials {
  readonly jwt: string;
  readonly seed: string;
}

export interface IssuedNodeUser {
  readonly jwt: string;
  /** ISO 8601, UTC. After it the server refuses the node until it renews. */
  readonly expiresAt: string;
}

/** A node needs its mux inbox and the push subject; the rest is head room, far below what could hurt the server. */
const NODE_SUBSCRIPTIONS = 64;
/** Bytes of one message of a node; equals `max_payload` of the server. */
const NODE_PAYLOAD = 1024 * 1024;

/**
 * JWT of a node's user. It lists the node's own subjects (`nodePermissions`); an allow list denies everything else, and
 * without a response permission the node can answer no request either.
 *
 * @param ttlSeconds life of the JWT; the node renews at two thirds of it
 * @param issuedAtMs wall clock in ms since the epoch
 */
export const issueNodeUser = async (
  trust: Trust,
  nodeId: NodeId,
  publicKey: string,
  ttlSeconds: number,
  issuedAtMs: number = Date.now(),
): Promise<IssuedNodeUser> => {
  const { publish, subscribe } = nodePermissions(nodeId);
  const exp = Math.floor(issuedAtMs / 1000) + Math.ceil(ttlSeconds);
  const claims: Partial<User> = {
    pub: { allow: [...publish] },
    sub: { allow: [...subscribe] },
    subs: NODE_SUBSCRIPTIONS,
    payload: NODE_PAYLOAD,
    data: -1,
    bearer_token: false,
    allowed_connection_types: ['STANDARD'],
  };
  try {
    const jwt = await encodeUser(`node ${nodeId}`, publicKey, trust.nodesAccount, claims, { exp });
    return { jwt, expiresAt: new Date(exp * 1000).toISOString() };
  } catch (cause) {
    throw new TaktError({
      code: 'NodeKeyInvalid',
      message: `node ${nodeId} has no valid NATS user public key`,
      action: 'join the node again with a fresh key',
      component: 'messaging',
      element: nodeId,
      cause,
    });
  }
};

/** Inbox of control-plane processes; no node may publish to or read from it. */
export const SERVICE_INBOX = '_INBOX_control';

/** Where answers to nodes' requests go: the server maps them to the asker's inbox, which lies in another account. */
const ANSWERS = '_R_.>';

/**
 * A user for one control-plane process. The key lives in that process's memory only. It may use takt's subjects and the
 * JetStream API. It has no response permission, which would allow whatever reply subject it received.
 */
export const issueServiceUser = async (trust: Trust, name: string): Promise<UserCredentials> => {
  const pair = createUser();
  const jwt = await encodeUser(name, pair, trust.account, {
    pub: { allow: ['takt.>', '$JS.API.>', '$JS.ACK.>', `${SERVICE_INBOX}.>`, ANSWERS] },
    sub: { allow: ['takt.>', `${SERVICE_INBOX}.>`] },
  });
  return { jwt, seed: new TextDecoder().decode(pair.getSeed()) };
};

/**
 * The user that answers nodes' requests, and can do nothing else: whatever reply subject a message brings, the server lets
 * this user publish answers to nodes only.
 */
export const issueRpcUser = async (trust: Trust, name: string): Promise<UserCredentials> => {
  const pair = createUser();
  const jwt = await encodeUser(name, pair, trust.account, { pub: { allow: [ANSWERS] }, sub: { allow: ['takt.rpc.>'] } });
  return { jwt, seed: new TextDecoder().decode(pair.getSeed()) };
};

/** A user of the system account: only for pushing account JWTs to the server. */
export const issueSystemUser = async (trust: Trust): Promise<UserCredentials> => {
  const pair = createUser();
  const jwt = await encodeUser('takt system', pair, trust.systemAccount, {
    pub: { allow: ['$SYS.REQ.CLAIMS.UPDATE'] },
    sub: { allow: [`${SERVICE_INBOX}.>`] },
  });
  return { jwt, seed: new TextDecoder().decode(pair.getSeed()) };
};

/** When a user JWT stops being accepted, ms since the epoch; undefined where it never does. @throws on a damaged JWT */
export const jwtExpiryMs = (jwt: string): number | undefined => {
  const { exp } = decode(jwt);
  return exp === undefined ? undefined : exp * 1000;
};

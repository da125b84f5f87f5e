import type { Account } from '@nats-io/jwt';
import {
  RpcMethod,
  DESIRED_STREAM,
  desiredPushSubject,
  desiredSubject,
  heartbeatSubject,
  reportSubject,
  rpcSubject,
} from '@takt/contracts';

/*
 * nats-server checks the subject of a message against its sender's permissions, and not the reply subject: the answer of a
 * service or of JetStream goes wherever the asker said, with the rights of the one who answers. Nodes therefore live in an
 * account of their own. What they send to the control plane passes a service import, which keeps the reply subject on the
 * nodes' side; there is no JetStream there, and nobody who listens to `$JS.API` or to desired states.
 */

/** Where nodes may send to; each user's permissions narrow it to the node's own subjects. */
const SERVICES: readonly (readonly [name: string, subject: string])[] = [
  ['reports', reportSubject('*')],
  ['heartbeats', heartbeatSubject('*')],
  ...Object.values(RpcMethod).map((method) => [method, rpcSubject('*', method)] as const),
  ['desired states', `$JS.API.DIRECT.GET.${DESIRED_STREAM}.${desiredSubject('*')}`],
];
/** What nodes may listen to. */
const PUSH = { name: 'pushed desired states', subject: desiredPushSubject('*') } as const;

/** Exports of account `TAKT`. */
export const taktAccountClaims = (): Partial<Account> => ({
  exports: [
    ...SERVICES.map(([name, subject]) => ({ name, subject, type: 'service', response_type: 'Singleton' }) as const),
    { ...PUSH, type: 'stream' },
  ] as NonNullable<Account['exports']>,
});

/** Imports of account `NODES` from account `TAKT`. */
export const nodesAccountClaims = (taktAccount: string): Partial<Account> => ({
  imports: [
    ...SERVICES.map(([name, subject]) => ({ name, subject, account: taktAccount, type: 'service' }) as const),
    { ...PUSH, account: taktAccount, type: 'stream' },
  ] as NonNullable<Account['imports']>,
});

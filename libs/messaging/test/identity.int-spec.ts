import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection, Status } from '@nats-io/transport-node';
import { PermissionViolationError, connect, jwtAuthenticator } from '@nats-io/transport-node';
import {
  DESIRED_STREAM,
  REPORT_STREAM,
  desiredDirectGetSubject,
  desiredPushSubject,
  desiredSubject,
  heartbeatSubject,
  nodeInboxPrefix,
  reportSubject,
  rpcSubject,
} from '@takt/contracts';
import type { NodeId } from '@takt/kernel';
import { silentLogger } from '@takt/kernel';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ControlConnection, NodeKey } from '../src/index.js';
import { connectControl, createNodeKey, issueNodeUser, issueServiceUser, pushAccount, revokeUser } from '../src/index.js';
import { SERVICE_INBOX } from '../src/trust/users.js';
import { desired, newNodeId } from './builders.js';
import { TestNats, until } from './nats.js';

/**
 * A raw NATS client with nothing but the credentials of node A. Everything it must not do is refused by nats-server
 * itself: the control plane checks none of it.
 */
describe('identity of a node', () => {
  let nats: TestNats;
  let control: ControlConnection;
  let nodeA: NodeId;
  let nodeB: NodeId;
  let keyA: NodeKey;
  let raw: NatsConnection;
  let statuses: Status[];
  const open: NatsConnection[] = [];

  const rawClient = async (key: NodeKey, jwt: string, nodeId: NodeId): Promise<NatsConnection> => {
    const connection = await connect({
      servers: [...nats.servers],
      authenticator: jwtAuthenticator(jwt, new TextEncoder().encode(key.seed)),
      inboxPrefix: nodeInboxPrefix(nodeId),
      reconnect: false,
    });
    open.push(connection);
    return connection;
  };
  const collect = async (connection: NatsConnection, into: Status[]): Promise<void> => {
    for await (const status of connection.status()) into.push(status);
  };

  beforeAll(async () => {
    nats = await TestNats.create();
    control = await connectControl({
      servers: nats.servers,
      credentials: await issueServiceUser(nats.trust, 'control'),
      logger: silentLogger,
    });
    await control.provisionStreams();
    nodeA = newNodeId();
    nodeB = newNodeId();
    await control.ensureDesired(desired(nodeA, 1));
    await control.ensureDesired(desired(nodeB, 1));
    keyA = createNodeKey();
    raw = await rawClient(keyA, (await issueNodeUser(nats.trust, nodeA, keyA.publicKey, 3600)).jwt, nodeA);
    statuses = [];
    void collect(raw, statuses);
  });
  afterEach(() => {
    statuses.length = 0;
  });
  afterAll(async () => {
    await Promise.all(open.map((connection) => connection.close()));
    await control.close();
    await nats.destroy();
  });

  const refusals = (): string[] =>
    statuses.flatMap((status) =>
      status.type === 'error' && status.error instanceof PermissionViolationError
        ? [`${status.error.operation} ${status.error.subject}`]
        : [],
    );

  it('publishes its own report and reads its own desired state (so that the refusals below mean something)', async () => {
    const ack = await raw.request(reportSubject(nodeA), '{}', { timeout: 5000 });
    expect(ack.json<{ stream: string }>().stream).toBe(REPORT_STREAM);
    const state = await raw.request(desiredDirectGetSubject(nodeA), undefined, { timeout: 5000 });
    expect(state.json<{ nodeId: string }>().nodeId).toBe(nodeA);
    expect(refusals()).toEqual([]);
  });

  const forbiddenPublishes = (): [string, string][] => [
    ['a report as another node', reportSubject(nodeB)],
    ['a heartbeat as another node', heartbeatSubject(nodeB)],
    ['its own desired state', desiredSubject(nodeA)],
    ['desired state of another node', desiredSubject(nodeB)],
    ['a pushed desired state to itself', desiredPushSubject(nodeA)],
    ['a pushed desired state to another node', desiredPushSubject(nodeB)],
    ['a request as another node', rpcSubject(nodeB, 'confirm')],
    ['a grant request as another node', rpcSubject(nodeB, 'grant')],
    ['an unknown method', `takt.rpc.${nodeA}.admin`],
    ['an answer into another node’s inbox', `${nodeInboxPrefix(nodeB)}.x`],
    ['an answer into the control plane’s inbox', `${SERVICE_INBOX}.x`],
    ['JetStream account info', '$JS.API.INFO'],
    ['stream info', `$JS.API.STREAM.INFO.${DESIRED_STREAM}`],
    ['stream names', '$JS.API.STREAM.NAMES'],
    ['a stream message get', `$JS.API.STREAM.MSG.GET.${DESIRED_STREAM}`],
    ['a stream purge', `$JS.API.STREAM.PURGE.${REPORT_STREAM}`],
    ['a stream delete', `$JS.API.STREAM.DELETE.${REPORT_STREAM}`],
    ['a consumer on the desired states', `$JS.API.CONSUMER.CREATE.${DESIRED_STREAM}`],
    ['a durable consumer', `$JS.API.CONSUMER.DURABLE.CREATE.${DESIRED_STREAM}.spy`],
    ['a named consumer', `$JS.API.CONSUMER.CREATE.${DESIRED_STREAM}.spy.takt.desired.*`],
    ['the report consumer’s next message', `$JS.API.CONSUMER.MSG.NEXT.${REPORT_STREAM}.control-plane`],
    ['an acknowledgement of a report', `$JS.ACK.${REPORT_STREAM}.control-plane.1.1.1.1.0`],
    ['direct get of another node’s state', desiredDirectGetSubject(nodeB)],
    ['direct get without a subject', `$JS.API.DIRECT.GET.${DESIRED_STREAM}`],
    ['an account update', '$SYS.REQ.CLAIMS.UPDATE'],
    ['a subject nobody uses', 'anything.else'],
  ];
  it('may publish nothing but its own', async () => {
    for (const [what, subject] of forbiddenPublishes()) {
      statuses.length = 0;
      raw.publish(subject, '{}');
      await raw.flush();
      await until(`the server refused ${what}`, () => refusals().length > 0);
      expect(refusals(), what).toEqual([`publish ${subject}`]);
    }
    expect(forbiddenPublishes()).toHaveLength(26);
  });

  const forbiddenSubscriptions = (): [string, string][] => [
    ['another node’s pushed desired state', desiredPushSubject(nodeB)],
    ['all pushed desired states', desiredPushSubject('*')],
    ['its own stream subject', desiredSubject(nodeA)],
    ['all desired states', desiredSubject('*')],
    ['another node’s inbox', `${nodeInboxPrefix(nodeB)}.>`],
    ['the control plane’s inbox', `${SERVICE_INBOX}.>`],
    ['the default inbox', '_INBOX.>'],
    ['another node’s reports', reportSubject(nodeB)],
    ['its own reports', reportSubject(nodeA)],
    ['requests of all nodes', rpcSubject('*', 'confirm')],
    ['heartbeats', heartbeatSubject('*')],
    ['the JetStream API', '$JS.API.>'],
    ['server events', '$SYS.>'],
    ['everything', '>'],
  ];
  it('may subscribe to nothing but its own push subject and inbox', async () => {
    for (const [what, subject] of forbiddenSubscriptions()) {
      statuses.length = 0;
      const seen: Error[] = [];
      raw.subscribe(subject, {
        callback: (error) => {
          if (error !== null) seen.push(error);
        },
      });
      await raw.flush();
      await until(`the server refused ${what}`, () => seen.length + refusals().length > 0);
      const refused = seen.map((error) => (error instanceof PermissionViolationError ? error.subject : error.message));
      expect(refused[0] ?? refusals()[0], what).toContain(subject);
    }
    expect(forbiddenSubscriptions()).toHaveLength(14);
  });

  it('is not let in with a JWT for another key', async () => {
    const { jwt } = await issueNodeUser(nats.trust, nodeA, keyA.publicKey, 3600);
    await expect(rawClient(createNodeKey(), jwt, nodeA)).rejects.toThrow(/authorization/i);
  });

  it('is not let in with a JWT that another installation signed', async () => {
    const other = await TestNats.create();
    const { jwt } = await issueNodeUser(other.trust, nodeA, keyA.publicKey, 3600);
    await other.destroy();
    await expect(rawClient(keyA, jwt, nodeA)).rejects.toThrow(/authorization/i);
  });

  it('is not let in without credentials', async () => {
    await expect(connect({ servers: [...nats.servers], reconnect: false })).rejects.toThrow(/authorization/i);
  });

  it('is cut off when its JWT expires, and not let in again with it', async () => {
    const key = createNodeKey();
    const { jwt } = await issueNodeUser(nats.trust, nodeB, key.publicKey, 2);
    const connection = await rawClient(key, jwt, nodeB);
    const seen: Status[] = [];
    void collect(connection, seen);
    await connection.closed();
    expect(seen.some((status) => status.type === 'error' && /expired/i.test(status.error.message))).toBe(true);
    // Expiry counts in whole seconds: within its last one the JWT would be taken and cut off again.
    await sleep(1100);
    await expect(rawClient(key, jwt, nodeB)).rejects.toThrow(/authorization/i);
  });

  it('is cut off at once when it is revoked, stays out after a restart, and may join again with the same key', async () => {
    const key = createNodeKey();
    const { jwt } = await issueNodeUser(nats.trust, nodeB, key.publicKey, 3600);
    const connection = await rawClient(key, jwt, nodeB);
    await revokeUser(nats.fs, nats.trust, key.publicKey);
    await pushAccount(nats.trust, nats.servers);
    await connection.closed();
    await expect(rawClient(key, jwt, nodeB)).rejects.toThrow(/authorization/i);

    await nats.kill();
    await nats.start();
    await expect(rawClient(key, jwt, nodeB)).rejects.toThrow(/authorization/i);

    // Issue times are whole seconds, and everything up to and including the revocation's second is void.
    await sleep(1100);
    const again = await issueNodeUser(nats.trust, nodeB, key.publicKey, 3600);
    const rejoined = await rawClient(key, again.jwt, nodeB);
    expect(rejoined.isClosed()).toBe(false);
  });
});

import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { PermissionViolationError, connect, jwtAuthenticator } from '@nats-io/transport-node';
import type { DesiredState } from '@takt/contracts';
import {
  DESIRED_STREAM,
  REPORT_CONSUMER,
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
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ControlConnection, NodeConnection } from '../src/index.js';
import {
  connectControl,
  connectNode,
  controlTransportOptions,
  createNodeKey,
  issueNodeUser,
  issueRpcUser,
  issueServiceUser,
} from '../src/index.js';
import { SERVICE_INBOX } from '../src/trust/users.js';
import { desired, newNodeId } from './builders.js';
import { TestNats, until } from './nats.js';

/**
 * nats-server checks the subject of a message against the publisher's permissions, and not the reply subject. Whoever
 * answers, a service or JetStream itself, publishes where the asker says.
 */
describe('a reply subject chosen by a hostile node', () => {
  let nats: TestNats;
  let control: ControlConnection;
  let hostile: NodeId;
  let victim: NodeId;
  let raw: NatsConnection;
  let rpc: NatsConnection;
  let node: NodeConnection;
  /** Requests and heartbeats that reached the control plane. */
  const heard: string[] = [];
  const pushed: DesiredState[] = [];

  beforeAll(async () => {
    nats = await TestNats.create();
    control = await connectControl({
      servers: nats.servers,
      credentials: await issueServiceUser(nats.trust, 'control'),
      logger: silentLogger,
    });
    await control.provisionStreams();
    hostile = newNodeId();
    victim = newNodeId();
    const key = createNodeKey();
    const { jwt } = await issueNodeUser(nats.trust, hostile, key.publicKey, 3600);
    raw = await connect({
      servers: [...nats.servers],
      authenticator: jwtAuthenticator(jwt, new TextEncoder().encode(key.seed)),
      inboxPrefix: nodeInboxPrefix(hostile),
    });
    // Answers as Nest's transport does: to whatever reply subject came with the request.
    rpc = await connect(controlTransportOptions(nats.servers, await issueRpcUser(nats.trust, 'rpc')));
    rpc.subscribe(rpcSubject('*', 'confirm'), {
      queue: 'control-plane',
      callback: (_error: Error | null, message: Msg) => {
        heard.push(message.subject);
        message.respond('{}');
      },
    });
    await rpc.flush();
    control.nats.subscribe(heartbeatSubject('*'), { callback: (_error, message) => void heard.push(message.subject) });
    const victimKey = createNodeKey();
    const victimJwt = (await issueNodeUser(nats.trust, victim, victimKey.publicKey, 3600)).jwt;
    node = await connectNode({ servers: nats.servers, nodeId: victim, jwt: () => victimJwt, seed: victimKey.seed, logger: silentLogger });
    node.subscribeDesired((state) => pushed.push(state));
    await node.nats.flush();
    await control.ensureDesired(desired(hostile, 1));
    await control.ensureDesired(desired(victim, 1));
  });
  afterAll(async () => {
    await Promise.all([raw.close(), rpc.close(), node.close()]);
    await control.close();
    await nats.destroy();
  });

  const targets = (): string[] => [
    desiredSubject(victim),
    desiredSubject(hostile),
    desiredPushSubject(victim),
    `$JS.API.STREAM.PURGE.${DESIRED_STREAM}`,
    `$JS.API.STREAM.PURGE.${REPORT_STREAM}`,
    `$JS.API.STREAM.DELETE.${DESIRED_STREAM}`,
    `$JS.API.STREAM.DELETE.${REPORT_STREAM}`,
    `$JS.API.STREAM.MSG.DELETE.${DESIRED_STREAM}`,
    `$JS.API.CONSUMER.DELETE.${REPORT_STREAM}.${REPORT_CONSUMER}`,
    desiredDirectGetSubject(victim),
    reportSubject(victim),
    heartbeatSubject(victim),
    rpcSubject(victim, 'confirm'),
    `${SERVICE_INBOX}.x`,
  ];
  const info = async (stream: string): Promise<unknown> => {
    const { config, created, state } = (await control.nats.request(`$JS.API.STREAM.INFO.${stream}`)).json<Record<string, unknown>>();
    return { config, created, state };
  };

  it.each([
    ['a request', () => rpcSubject(hostile, 'confirm'), '{}'],
    ['a direct get', () => desiredDirectGetSubject(hostile), ''],
    // Answered with a status and no body, which is what JetStream takes for a request to delete a stream.
    ['a direct get that is none', () => desiredDirectGetSubject(hostile), 'rubbish'],
    ['a report', () => reportSubject(hostile), '{}'],
  ] as const)('of %s does nothing to streams, consumer and other nodes', async (what, subject, payload) => {
    const isReport = what === 'a report';
    const before = await Promise.all([info(DESIRED_STREAM), ...(isReport ? [] : [info(REPORT_STREAM)])]);
    const { messages } = await control.nats
      .request(`$JS.API.STREAM.INFO.${REPORT_STREAM}`)
      .then((reply) => reply.json<{ state: { messages: number } }>().state);
    heard.length = 0;
    pushed.length = 0;
    for (const reply of targets()) raw.publish(subject(), payload, { reply });
    await raw.flush();
    // The same way with an inbox, and after it: when this is answered, what was sent before is done.
    await raw.request(subject(), payload, { timeout: 5000 });
    await control.nats.request(`$JS.API.CONSUMER.INFO.${REPORT_STREAM}.${REPORT_CONSUMER}`).then((reply) => {
      expect(reply.json()).not.toHaveProperty('error');
    });
    expect(await Promise.all([info(DESIRED_STREAM), ...(isReport ? [] : [info(REPORT_STREAM)])])).toEqual(before);
    const reports = (await control.nats.request(`$JS.API.STREAM.INFO.${REPORT_STREAM}`)).json<{ state: { messages: number } }>();
    expect(reports.state.messages - messages).toBe(isReport ? targets().length + 1 : 0);
    expect((await control.readDesired(victim))?.state).toEqual(desired(victim, 1));
    expect((await control.readDesired(hostile))?.state).toEqual(desired(hostile, 1));
    await node.nats.flush();
    expect(pushed).toEqual([]);
    expect(heard.filter((line) => line.includes(victim))).toEqual([]);
  });

  it('cannot be served by a user that answers with more rights than it needs', async () => {
    const seen: string[] = [];
    void (async (): Promise<void> => {
      for await (const status of rpc.status())
        if (status.type === 'error' && status.error instanceof PermissionViolationError) seen.push(status.error.subject);
    })();
    for (const subject of [`$JS.API.STREAM.PURGE.${DESIRED_STREAM}`, desiredSubject(victim), `${SERVICE_INBOX}.x`])
      rpc.publish(subject, '{}');
    await rpc.flush();
    await until('all are refused', () => seen.length === 3);
  });
});

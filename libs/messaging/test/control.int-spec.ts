import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import type { Heartbeat, Report } from '@takt/contracts';
import { REPORT_CONSUMER, REPORT_STREAM } from '@takt/contracts';
import type { NodeId } from '@takt/kernel';
import { TaktError, silentLogger } from '@takt/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ControlConnection, NodeConnection, ProvisionedStreams, ReportDelivery } from '../src/index.js';
import { connectControl, connectNode, createNodeKey, issueNodeUser, issueServiceUser } from '../src/index.js';
import { ACK_WAIT_MS } from '../src/control/streams.js';
import { desired, heartbeat, newNodeId, report } from './builders.js';
import { TestNats, until } from './nats.js';

const connectAs = async (nats: TestNats, nodeId: NodeId): Promise<NodeConnection> => {
  const key = createNodeKey();
  const { jwt } = await issueNodeUser(nats.trust, nodeId, key.publicKey, 3600);
  return connectNode({ servers: nats.servers, nodeId, jwt: () => jwt, seed: key.seed, logger: silentLogger });
};

const connectService = async (nats: TestNats): Promise<ControlConnection> =>
  connectControl({ servers: nats.servers, credentials: await issueServiceUser(nats.trust, 'control'), logger: silentLogger });

describe('desired state', () => {
  let nats: TestNats;
  let control: ControlConnection;
  let node: NodeConnection;
  let nodeId: NodeId;
  beforeAll(async () => {
    nats = await TestNats.create();
    control = await connectService(nats);
    nodeId = newNodeId();
    node = await connectAs(nats, nodeId);
  });
  afterAll(async () => {
    await node.close();
    await control.close();
    await nats.destroy();
  });

  it('is unavailable, retryable, before there is a stream', async () => {
    await expect(node.getDesired()).rejects.toMatchObject({ code: 'DesiredStateUnavailable', retryable: true });
  });

  it('provisions once and is idempotent', async () => {
    const first = await control.provisionStreams();
    const second = await control.provisionStreams();
    expect([first.desired.createdNow, first.reports.createdNow]).toEqual([true, true]);
    expect([second.desired.createdNow, second.reports.createdNow]).toEqual([false, false]);
    expect(second.desired.created).toBe(first.desired.created);
  });

  it('reaches the node by push and by direct get', async () => {
    const pushed: number[] = [];
    const stop = node.subscribeDesired((state) => pushed.push(state.generation));
    await node.nats.flush();
    expect(await node.getDesired()).toBeUndefined();
    expect(await control.ensureDesired(desired(nodeId, 1))).toMatchObject({ outcome: 'published' });
    await until('the push arrived', () => pushed.length === 1);
    expect(pushed).toEqual([1]);
    expect((await node.getDesired())?.generation).toBe(1);
    stop();
  });

  it('is not published twice, not stepped back, and a conflict is left to a person', async () => {
    const id = newNodeId();
    await control.ensureDesired(desired(id, 5));
    expect(await control.ensureDesired(desired(id, 5))).toMatchObject({ outcome: 'unchanged' });
    expect(await control.ensureDesired(desired(id, 4))).toMatchObject({ outcome: 'newer-present' });
    expect(await control.ensureDesired(desired(id, 5, undefined, 'other'))).toMatchObject({ outcome: 'conflict' });
    expect(await control.ensureDesired(desired(id, 6, '00000000-0000-4000-8000-000000000001'))).toMatchObject({ outcome: 'conflict' });
    expect((await control.readDesired(id))?.state.generation).toBe(5);
  });

  it('never goes back, whatever relays race', async () => {
    const id = newNodeId();
    const relays = [control, await connectService(nats), await connectService(nats)];
    const generations = [3, 9, 1, 7, 5, 2, 8, 4, 6];
    const publish = (generation: number, index: number): Promise<unknown> =>
      (relays[index % relays.length] ?? control).ensureDesired(desired(id, generation));
    await Promise.allSettled(generations.map(publish));
    await control.ensureDesired(desired(id, 9));
    expect((await control.readDesired(id))?.state.generation).toBe(9);
    await relays[1]?.close();
    await relays[2]?.close();
  });

  it('refuses a publish whose expected sequence is outdated', async () => {
    const id = newNodeId();
    const first = await control.publishDesired(desired(id, 1), 0);
    expect(first.published).toBe(true);
    expect(await control.publishDesired(desired(id, 2), 0)).toEqual({ published: false });
    expect(await control.publishDesired(desired(id, 2), first.published ? first.streamSeq : -1)).toMatchObject({ published: true });
  });
});

describe('reports', () => {
  let nats: TestNats;
  let control: ControlConnection;
  beforeAll(async () => {
    nats = await TestNats.create();
    control = await connectService(nats);
    await control.provisionStreams();
  });
  afterAll(async () => {
    await control.close();
    await nats.destroy();
  });

  it('arrive once each, in order, with the node proven by the subject', async () => {
    const nodeId = newNodeId();
    const node = await connectAs(nats, nodeId);
    const got: ReportDelivery[] = [];
    const consumer = control.consumeReports({
      handler: (delivery) => {
        got.push(delivery);
        return Promise.resolve();
      },
    });
    for (let seq = 1; seq <= 50; seq += 1) await node.publishReport(report(nodeId, seq));
    expect(await node.publishReport(report(nodeId, 50))).toMatchObject({ duplicate: true });
    await until('50 reports arrived', () => got.length >= 50);
    await consumer.stop();
    expect(got.map((delivery) => delivery.report.seq)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(new Set(got.map((delivery) => delivery.nodeId))).toEqual(new Set([nodeId]));
    expect(got.every((delivery) => delivery.attempt === 1)).toBe(true);
    await node.close();
  });

  it('come back after a failed handler, and a gap can be refused until it is filled', async () => {
    const nodeId = newNodeId();
    const node = await connectAs(nats, nodeId);
    const stored: number[] = [];
    let failures = 0;
    const consumer = control.consumeReports({
      handler: ({ report: { seq } }) => {
        if (seq === 2 && failures < 2) {
          failures += 1;
          return Promise.reject(new TaktError({ code: 'DatabaseDown', message: 'no', action: 'wait', retryable: true }));
        }
        if (seq !== stored.length + 1)
          return Promise.reject(new TaktError({ code: 'ReportOutOfOrder', message: 'gap', action: 'wait', retryable: true }));
        stored.push(seq);
        return Promise.resolve();
      },
    });
    for (let seq = 1; seq <= 5; seq += 1) await node.publishReport(report(nodeId, seq));
    await until('all are stored', () => stored.length === 5);
    expect(stored).toEqual([1, 2, 3, 4, 5]);
    await consumer.stop();
    await node.close();
  });

  it('that name another node or are no report are dropped and told', async () => {
    const nodeId = newNodeId();
    const node = await connectAs(nats, nodeId);
    const invalid: string[] = [];
    const valid: number[] = [];
    const consumer = control.consumeReports({
      handler: ({ report: { seq } }) => {
        valid.push(seq);
        return Promise.resolve();
      },
      onInvalid: (_node, error) => {
        invalid.push(error.code);
        return Promise.resolve();
      },
    });
    const forged: Report = { ...report(newNodeId(), 1) };
    await node.nats.request(`takt.report.${nodeId}`, JSON.stringify(forged));
    await node.nats.request(`takt.report.${nodeId}`, 'not json');
    await node.publishReport(report(nodeId, 1));
    await until('the valid report arrived', () => valid.length === 1);
    expect(invalid).toEqual(['ReportNodeMismatch', 'MessageInvalid']);
    await consumer.stop();
    await node.close();
  });

  it('are refused, retryable, when the stream is full, and nothing old is dropped', async () => {
    const full = await TestNats.create();
    const small = await connectControl({
      servers: full.servers,
      credentials: await issueServiceUser(full.trust, 'control'),
      logger: silentLogger,
      limits: { reports: 12, reportsPerNode: 8 },
    });
    await small.provisionStreams();
    const nodeId = newNodeId();
    const node = await connectAs(full, nodeId);
    const other = newNodeId();
    const otherNode = await connectAs(full, other);
    for (let seq = 1; seq <= 8; seq += 1) await node.publishReport(report(nodeId, seq));
    // One node is full; another still has its share, until the whole stream is full.
    await expect(node.publishReport(report(nodeId, 9))).rejects.toMatchObject({ code: 'ReportStreamFull', retryable: true });
    for (let seq = 1; seq <= 4; seq += 1) await otherNode.publishReport(report(other, seq));
    await expect(otherNode.publishReport(report(other, 5))).rejects.toMatchObject({ code: 'ReportStreamFull', retryable: true });
    const got: string[] = [];
    const consumer = small.consumeReports({
      handler: ({ report: { seq }, nodeId: from }) => Promise.resolve(void got.push(`${from === nodeId ? 'a' : 'b'}${String(seq)}`)),
    });
    await until('what was taken arrived', () => got.length === 12);
    await node.publishReport(report(nodeId, 9));
    await until('the refused one arrived', () => got.length === 13);
    expect(got).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'b1', 'b2', 'b3', 'b4', 'a9']);
    await otherNode.close();
    await consumer.stop();
    await node.close();
    await small.close();
    await full.destroy();
  });

  it('that a killed control plane had in hand go to the next one within seconds', async () => {
    const nodeId = newNodeId();
    const node = await connectAs(nats, nodeId);
    const killed = await connectService(nats);
    const inHand: number[] = [];
    killed.consumeReports({
      handler: ({ report: { seq } }) => {
        inHand.push(seq);
        return new Promise(() => undefined);
      },
    });
    for (let seq = 1; seq <= 5; seq += 1) await node.publishReport(report(nodeId, seq));
    await until('one is in hand', () => inHand.length === 1);
    await killed.nats.close();
    const stored: number[] = [];
    const consumer = control.consumeReports({ handler: ({ report: { seq } }) => Promise.resolve(void stored.push(seq)) });
    await until('all have come to the other', () => new Set(stored).size === 5, 15_000);
    expect([...new Set(stored)].sort()).toEqual([1, 2, 3, 4, 5]);
    await consumer.stop();
    await node.close();
  });

  it('that take long to store are not handed out a second time meanwhile', async () => {
    const nodeId = newNodeId();
    const node = await connectAs(nats, nodeId);
    const attempts: number[] = [];
    const consumer = control.consumeReports({
      handler: async ({ attempt }) => {
        attempts.push(attempt);
        await sleep(ACK_WAIT_MS + 2000);
      },
    });
    await node.publishReport(report(nodeId, 1));
    await until('it is in hand', () => attempts.length === 1);
    await consumer.stop();
    const later = control.consumeReports({ handler: ({ attempt }) => Promise.resolve(void attempts.push(attempt)) });
    await sleep(1500);
    expect(attempts).toEqual([1]);
    await later.stop();
    await node.close();
  });

  it('of a consumer that an older version made are handed out by the present rules', async () => {
    const jsm = await jetstreamManager(control.nats);
    await jsm.consumers.update(REPORT_STREAM, REPORT_CONSUMER, { ack_wait: 60_000_000_000 });
    await control.provisionStreams();
    expect((await jsm.consumers.info(REPORT_STREAM, REPORT_CONSUMER)).config.ack_wait).toBe(ACK_WAIT_MS * 1_000_000);
  });

  it('heartbeats arrive with their node', async () => {
    const nodeId = newNodeId();
    const node = await connectAs(nats, nodeId);
    const beats: [NodeId, Heartbeat][] = [];
    const stop = control.onHeartbeat((id, beat) => beats.push([id, beat]));
    await control.nats.flush();
    node.publishHeartbeat(heartbeat(nodeId));
    await until('a heartbeat arrived', () => beats.length === 1);
    expect(beats[0]?.[0]).toBe(nodeId);
    stop();
    await node.close();
  });
});

describe('a server that restarts', () => {
  let nats: TestNats;
  let control: ControlConnection;
  let node: NodeConnection;
  let nodeId: NodeId;
  const stored = new Set<number>();
  let storing = Promise.resolve();
  const provisioned: ProvisionedStreams[] = [];
  beforeAll(async () => {
    nats = await TestNats.create();
    control = await connectService(nats);
    nodeId = newNodeId();
    node = await connectAs(nats, nodeId);
    control.consumeReports({
      handler: async ({ report: { seq } }) => {
        await storing;
        stored.add(seq);
      },
      onProvisioned: (streams) => provisioned.push(streams),
    });
    await until('streams exist', () => provisioned.length > 0);
    await control.ensureDesired(desired(nodeId, 1));
  });
  afterAll(async () => {
    await node.close();
    await control.close();
    await nats.destroy();
  });

  const publishUntilTaken = async (seq: number): Promise<void> =>
    until(`report ${String(seq)} was taken`, () =>
      node.publishReport(report(nodeId, seq)).then(
        () => true,
        (error: unknown) => {
          expect(error).toMatchObject({ retryable: true });
          return false;
        },
      ),
    );

  it('is found again by node, control plane and consumer', async () => {
    await publishUntilTaken(1);
    const seen: string[] = [];
    const follow = async (): Promise<void> => {
      for await (const notification of node.notifications()) seen.push(notification.type);
    };
    void follow();
    await nats.kill();
    await expect(node.publishReport(report(nodeId, 2))).rejects.toMatchObject({ retryable: true });
    await nats.start();
    await publishUntilTaken(2);
    await until('both are stored', () => stored.has(1) && stored.has(2));
    expect((await node.getDesired())?.generation).toBe(1);
    expect(seen).toContain('disconnected');
    expect(seen.at(-1)).toBe('connected');
  });

  it('with its store wiped gets its streams again, and the other identity is visible', async () => {
    const before = (await control.provisionStreams()).desired.created;
    await nats.kill();
    await nats.wipeStore();
    await nats.start();
    await publishUntilTaken(3);
    await until('the report is stored', () => stored.has(3));
    const after = (await control.provisionStreams()).desired;
    expect(after.created).not.toBe(before);
    expect(provisioned.some((streams) => streams.desired.created === after.created && streams.desired.createdNow)).toBe(true);
    expect(await control.readDesired(nodeId)).toBeUndefined();
    expect(await control.ensureDesired(desired(nodeId, 1))).toMatchObject({ outcome: 'published' });
    expect((await node.getDesired())?.generation).toBe(1);
  });

  it('hands out reports under numbers that its consumer counts as delivered, since it forgot messages that were acknowledged later', async () => {
    await publishUntilTaken(11);
    await until('the report is stored', () => stored.has(11));
    await nats.kill();
    const putBack = await nats.keepMessages(REPORT_STREAM);
    await nats.start();
    let store = (): void => undefined;
    storing = new Promise((resolve) => {
      store = resolve;
    });
    for (let seq = 12; seq <= 20; seq += 1) await publishUntilTaken(seq);
    // The control plane may be connecting again still, and its question go unanswered.
    await until('all are in hand', async () => {
      const jsm = await jetstreamManager(control.nats, { checkAPI: false });
      return jsm.consumers.info(REPORT_STREAM, REPORT_CONSUMER).then(
        ({ num_ack_pending }) => num_ack_pending >= 9,
        () => false,
      );
    });
    await nats.kill();
    await putBack();
    await nats.start();
    await until('the control plane is connected', () =>
      control.provisionStreams().then(
        () => true,
        () => false,
      ),
    );
    store();
    await until('those in hand are stored', () => stored.has(20));
    await publishUntilTaken(21);
    await until('the report is stored', () => stored.has(21), 20_000);
  });

  it('does not strand a node that starts while it is down', async () => {
    await nats.kill();
    const id = newNodeId();
    const pending = connectAs(nats, id);
    await sleep(700);
    await nats.start();
    const late = await pending;
    expect(late.isConnected()).toBe(true);
    await late.close();
  });
});

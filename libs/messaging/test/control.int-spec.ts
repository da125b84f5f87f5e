import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import type { Heartbeat, Report } from '@takt/contracts';
import { REPORT_CONSUMER, REPORT_STREAM } from '@takt/contracts';
import type { NodeId } from '@takt/kernel';
import { TaktError, silentLogger } from '@takt/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ControlConnection, NodeConnection, ReportDelivery } from '../src/index.js';
import { connectControl, issueServiceUser } from '../src/index.js';
import { ACK_WAIT_MS } from '../src/control/streams.js';
import { desired, heartbeat, newNodeId, report } from './builders.js';
import { connectAs, connectService } from './connections.js';
import { TestNats, until } from './nats.js';

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
    await until('all have come to the other', () => new Set(stored).size === 5);
    expect([...new Set(stored)].sort()).toEqual([1, 2, 3, 4, 5]);
    await consumer.stop();
    await node.close();
  });

  it('that take long to store are not handed out a second time meanwhile', async () => {
    const nodeId = newNodeId();
    const node = await connectAs(nats, nodeId);
    const given: string[] = [];
    const noteDown = ({ report: { seq }, attempt }: ReportDelivery): void =>
      void given.push(`report ${String(seq)}, attempt ${String(attempt)}`);
    const consumer = control.consumeReports({
      handler: async (delivery) => {
        noteDown(delivery);
        await sleep(ACK_WAIT_MS + 500);
      },
    });
    await node.publishReport(report(nodeId, 1));
    await until('it is in hand', () => given.length === 1);
    await consumer.stop();
    const later = control.consumeReports({ handler: (delivery) => Promise.resolve(noteDown(delivery)) });
    await node.publishReport(report(nodeId, 2));
    await until('the next one is in hand', () => given.some((line) => line.startsWith('report 2,')));
    expect(given).toEqual(['report 1, attempt 1', 'report 2, attempt 1']);
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

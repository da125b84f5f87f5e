import { randomUUID } from 'node:crypto';
import { RpcMethod, heartbeatSubject, reportSubject, rpcSubject } from '@takt/contracts';
import type { EventView, Heartbeat, NodeView, ReportBody, SlotView } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { Digest, JobId, SlotId } from '@takt/kernel';
import { until } from '@takt/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Harness } from './harness.js';
import { FACTS, TestNode } from './test-node.js';

let harness: Harness;
let node: TestNode;

beforeAll(async () => {
  harness = await Harness.start({ TAKT_NODE_OFFLINE_SECONDS: '10', TAKT_SAMPLE_SECONDS: '1' });
  await harness.ok('POST', '/sites', { name: 'north' });
  node = await TestNode.join(harness, 'north', 'one');
});
afterAll(async () => {
  await node.close();
  await harness.stop();
});

const condition = (message: string) => ({
  kind: 'condition' as const,
  condition: { type: 'DiskSpace', status: 'true' as const, reason: 'Enough', message, action: null, since: new Date().toISOString() },
});
const refusals = async (): Promise<number> =>
  (await harness.ok<{ items: EventView[] }>('GET', '/events?limit=1000')).items.filter((event) => event.code === 'ReportInvalid').length;
const seen = async (): Promise<string | undefined> =>
  (await harness.ok<NodeView>('GET', `/nodes/${node.identity.nodeId}`)).conditions.find((known) => known.type === 'DiskSpace')?.message;

/** Sends the next report as the node's agent would not, and a good one after it. */
const sendThenGood = async (change: object, good: string): Promise<void> => {
  node.seq += 1;
  const report = { ...node.envelope(node.seq, FACTS), ...change };
  await node.connection.nats.request(reportSubject(node.identity.nodeId), JSON.stringify(report), { timeout: 5000 });
  await node.report(condition(good));
  await node.confirmed();
};

describe('a report that makes no sense', () => {
  it.each([
    ['a body of another version', { body: { kind: 'weather', rain: true } }],
    ['no body', { body: undefined }],
    ['a body that is nested without end', { body: JSON.parse(`${'['.repeat(1_000)}${']'.repeat(1_000)}`) as unknown }],
    ['another version', { schemaVersion: 2 }],
    ['no time', { at: 'yesterday' }],
  ])('(%s) is recorded once for its node and passed over', async (what, change) => {
    await sendThenGood(change, what);
    expect(await refusals()).toBe(1);
    expect(await seen()).toBe(what);
  });

  it('(conditions of names that are none, or of too many) grows no list', async () => {
    const named = (type: string): ReportBody => ({ ...condition('fine'), condition: { ...condition('fine').condition, type } });
    await sendThenGood({ body: named('Disk\nSpace') }, 'named');
    await sendThenGood({ body: named('D'.repeat(65)) }, 'short');
    for (let i = 0; i < 70; i += 1) await node.report(named(`Made${String(i)}`));
    await node.report(condition('still heard'));
    await node.confirmed();
    const { conditions } = await harness.ok<NodeView>('GET', `/nodes/${node.identity.nodeId}`);
    expect(conditions).toHaveLength(64);
    expect(conditions.every(({ type }) => /^(DiskSpace|Made\d+)$/.test(type))).toBe(true);
    expect(await seen()).toBe('still heard');
    const { items } = await harness.ok<{ items: EventView[] }>('GET', '/events?limit=1000');
    expect(items.filter((event) => event.code === 'ReportRejected')).toHaveLength(1);
  });

  it('(a time that the database refuses) is stored with the time it came', async () => {
    const before = await refusals();
    await sendThenGood({ at: '0000-01-01T00:00:00Z' }, 'old');
    expect(await refusals()).toBe(before);
    expect(await seen()).toBe('old');
  });

  it('(text that the database refuses) is stored without what it refuses', async () => {
    const before = await refusals();
    await sendThenGood({ body: condition('full \0 of \ud800 holes') }, 'good');
    expect(await refusals()).toBe(before);
    const stored = await harness.controlPlane.parts.db.stores.reports.find(node.identity.nodeId, node.seq - 1);
    expect(stored?.body).toMatchObject({ condition: { message: 'full \ufffd of \ufffd holes' } });
    expect(await seen()).toBe('good');
  });
});

describe('a node that sends what does not follow the contract', () => {
  const others: TestNode[] = [];
  let slot: SlotView;
  const jobId = asId<JobId>(randomUUID());
  const stores = () => harness.controlPlane.parts.db.stores;
  const eventsOf = async (of: TestNode): Promise<EventView[]> =>
    (await harness.ok<{ items: EventView[] }>('GET', `/events?limit=1000&object=${of.identity.nodeId}`)).items;
  const send = (subject: string, message: unknown): void => {
    node.connection.nats.publish(subject, typeof message === 'string' ? message : JSON.stringify(message));
  };
  const counters = (elapsedMs: number): Heartbeat['slots'] => [
    {
      slotId: asId<SlotId>(slot.id),
      runtimeReachable: true,
      activeDeploymentId: null,
      deliveredFps: 10,
      requiredFps: 5,
      serviceP50Ms: 20,
      serviceP95Ms: 30,
      serviceP99Ms: 31,
      framesDelivered: elapsedMs,
      framesDropped: 0,
      errors: 0,
      counters: { since: '2026-01-01T00:00:00Z', elapsedMs, delivered: elapsedMs, dropped: 0, errors: 0, serviceTime: [] },
    },
  ];

  beforeAll(async () => {
    others.push(await TestNode.join(harness, 'north', 'two'), await TestNode.join(harness, 'north', 'three'));
    const source = { kind: 'image-directory', path: '/frames', fps: 10 };
    await harness.ok('POST', '/lines', { site: 'north', slug: 'press', requiredFps: 5, source });
    slot = await harness.ok('POST', '/slots', { line: 'press', node: 'two', model: 'detector' });
  });
  afterAll(async () => {
    await Promise.all(others.map((other) => other.close()));
  });

  it('stays online like the others, whose leases, samples and offline marks go on, and is recorded once', async () => {
    const silent = await TestNode.join(harness, 'north', 'silent');
    await silent.close();
    const good: Heartbeat = {
      schemaVersion: 1,
      nodeId: node.identity.nodeId,
      at: new Date().toISOString(),
      uptimeSeconds: 1,
      rssMiB: 50,
      observedGeneration: 0,
      lastSeq: node.seq,
      slots: [],
    };
    const poison = [
      { ...good, observedGeneration: 3_000_000_000 },
      { ...good, slots: [{ ...counters(1)[0], counters: { ...counters(1)[0]?.counters, elapsedMs: 1e300 } }] },
      {
        ...good,
        slots: [{ ...counters(1)[0], counters: { ...counters(1)[0]?.counters, since: `2026-01-01T00:00:00.${'1'.repeat(200)}Z` } }],
      },
      { ...good, uptimeSeconds: 'long' },
      'rubbish',
    ];
    let sent = 0;
    const leaseOf = async (): Promise<number> => (await stores().jobs.find(jobId))?.leaseUntil?.getTime() ?? 0;
    const samples = async (): Promise<number> =>
      (await stores().samples.between([asId<SlotId>(slot.id)], new Date(0), new Date(Date.now() + 60_000))).length;
    const beating = setInterval(() => {
      send(heartbeatSubject(node.identity.nodeId), poison[sent % poison.length]);
      sent += 1;
      for (const other of others) other.beat(other === others[0] ? counters(sent) : []);
    }, 200);
    onTestFinished(async () => {
      clearInterval(beating);
      await stores().jobs.update(jobId, { state: 'cancelled' });
    });
    for (const other of others) {
      const isOnline = async () => (await harness.ok<NodeView>('GET', `/nodes/${other.identity.nodeId}`)).online;
      await until('the others are online', isOnline);
    }
    // Of a node that is heard: nothing takes the job from it.
    const now = new Date();
    await stores().jobs.add({
      id: jobId,
      kind: 'calibrate',
      state: 'running',
      phase: 'test',
      progress: 0,
      etaSeconds: null,
      nodeId: others[1]?.identity.nodeId ?? null,
      deploymentId: null,
      modelDigest: asId<Digest>('sha256:model'),
      modelName: 'detector',
      calibrationDigest: asId<Digest>('sha256:set'),
      attempts: 1,
      leaseUntil: new Date(now.getTime() + 3_600_000),
      result: null,
      error: null,
      createdAt: now,
      updatedAt: now,
    });
    const lease = await leaseOf();
    await until('samples are written', async () => (await samples()) >= 3);
    // The lease was an hour; each heartbeat sets it to the configured time.
    await until('the lease is set', async () => (await leaseOf()) < lease);
    const before = await leaseOf();
    await until('the lease is extended', async () => (await leaseOf()) > before);
    await until('the silent node is marked', async () => (await eventsOf(silent)).some((event) => event.code === 'NodeOffline'));
    for (const each of [node, ...others]) {
      expect((await harness.ok<NodeView>('GET', `/nodes/${each.identity.nodeId}`)).online).toBe(true);
      expect((await eventsOf(each)).filter((event) => event.code === 'NodeOffline')).toEqual([]);
    }
    const [recorded, ...more] = (await eventsOf(node)).filter((event) => event.code.startsWith('Heartbeat'));
    expect(more).toEqual([]);
    expect(recorded).toMatchObject({
      code: 'HeartbeatInvalid',
      severity: 'warning',
      message: expect.stringContaining('observedGeneration: Too big') as string,
      object: { name: 'one' },
      data: { action: expect.any(String) as string },
    });
  });

  it('(reports and requests) holds up neither itself nor the others', async () => {
    for (const rubbish of ['rubbish', '{}', '{"seq":1}', JSON.stringify({ nodeId: randomUUID(), seq: 1 })]) {
      for (let i = 0; i < 3; i += 1) send(reportSubject(node.identity.nodeId), rubbish);
      for (const method of Object.values(RpcMethod)) send(rpcSubject(node.identity.nodeId, method), rubbish);
    }
    const late = {
      kind: 'deployment',
      generation: 3_000_000_000,
      state: 'pending',
      deploymentId: randomUUID(),
      slotId: slot.id,
      reason: null,
      message: '',
      health: null,
      error: null,
    };
    const before = await refusals();
    await sendThenGood({ body: late }, 'after the generation');
    await sendThenGood({ at: `2026-01-01T00:00:00.${'1'.repeat(200)}Z` }, 'after the time');
    expect(await refusals()).toBe(before);
    expect(await seen()).toBe('after the time');
    for (const other of others) {
      await other.report(condition('fine'));
      await other.confirmed();
    }
    expect((await eventsOf(node)).filter((event) => event.code === 'ReportUnreadable')).toHaveLength(1);
  });
});

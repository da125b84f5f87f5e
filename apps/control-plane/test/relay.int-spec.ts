import { randomUUID } from 'node:crypto';
import { DESIRED_STREAM, desiredSubject } from '@takt/contracts';
import { asId, silentLogger } from '@takt/kernel';
import type { NodeId, SiteId } from '@takt/kernel';
import type { ControlConnection } from '@takt/messaging';
import { Database } from '@takt/persistence';
import { startTestStack, until } from '@takt/testing';
import type { TestStack } from '@takt/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../src/boot/parts.js';
import { OutboxRelay } from '../src/desired/relay.js';
import { StreamWatch } from '../src/desired/stream-watch.js';
import { Heartbeats } from '../src/reports/heartbeats.js';
import { SampleRecorder } from '../src/reports/sample-recorder.js';

let stack: TestStack;
let db: Database;
let raw: pg.Client;
let control: ControlConnection;
const siteId = asId<SiteId>(randomUUID());

beforeAll(async () => {
  stack = await startTestStack();
  db = await Database.open({ url: stack.postgres.url, logger: silentLogger });
  raw = new pg.Client({ connectionString: stack.postgres.url });
  await raw.connect();
  control = await stack.nats.connectControl();
  await control.provisionStreams();
  await db.stores.sites.add({ id: siteId, name: 'site', createdAt: new Date() });
});
afterAll(async () => {
  await control.close();
  await raw.end();
  await db.close();
  await stack.stop();
});

/** A node of which something is wanted and not yet published. */
const addNode = async (): Promise<NodeId> => {
  const id = asId<NodeId>(randomUUID());
  await db.transaction(async (stores) => {
    await stores.nodes.add({
      id,
      siteId,
      name: id,
      publicKey: id,
      hostname: id,
      joinedAt: new Date(),
      agentVersion: null,
      fingerprint: null,
      profile: null,
      facts: null,
      conditions: [],
    });
    await stores.desired.lock(id);
    const digest = asId<never>(`sha256:${'1'.repeat(64)}`);
    await stores.desired.save({ nodeId: id, generation: 1, digest, body: { slots: [], jobs: [] }, issuedAt: new Date() });
  });
  return id;
};

/** The time that nodes were put off for has passed. */
const allAreDue = (): Promise<unknown> => raw.query('UPDATE outbox SET due_at = now()');
const never = (): never => {
  throw new Error('there is no such node');
};

describe('relay', () => {
  it('replaces what the broker holds and is no desired state of the node', async () => {
    const relay = new OutboxRelay(db, control, systemClock, silentLogger);
    const [one, two] = [await addNode(), await addNode()];
    await relay.publishBatch();
    const other = (await control.readDesired(two))?.state;
    for (const rubbish of ['{}', 'rubbish', JSON.stringify(other)]) {
      await control.nats.request(desiredSubject(one), rubbish);
      await expect(control.readDesired(one)).rejects.toMatchObject({ code: 'MessageInvalid' });
      await db.transaction((stores) => stores.desired.markDirty([one]));
      expect(await relay.publishBatch()).toBe(1);
      expect((await control.readDesired(one))?.state).toMatchObject({ nodeId: one, generation: 1 });
    }
  });

  it('puts off a node that cannot be published, says so once, and goes on with the others', async () => {
    const bad = await addNode();
    const good = await Promise.all(Array.from({ length: 5 }, addNode));
    const asked: NodeId[] = [];
    const relay = new OutboxRelay(
      db,
      {
        ensureDesired: (state) => {
          asked.push(state.nodeId);
          return state.nodeId === bad ? Promise.reject(new Error('too large')) : control.ensureDesired(state);
        },
      },
      systemClock,
      silentLogger,
    );
    expect(await relay.publishBatch()).toBe(6);
    expect(new Set(asked)).toEqual(new Set([bad, ...good]));
    for (const id of good) expect((await control.readDesired(id))?.state.generation).toBe(1);
    expect(await relay.publishBatch()).toBe(0);
    for (let again = 0; again < 2; again += 1) {
      await allAreDue();
      expect(await relay.publishBatch()).toBe(1);
    }
    expect(asked.filter((id) => id === bad)).toHaveLength(3);
    expect(asked).toHaveLength(8);
    const events = await db.stores.events.newest({ object: bad, limit: 100 }, null);
    expect(events.map((event) => event.code)).toEqual(['DesiredStateNotPublished']);
  });

  it('does not spend a whole batch on failures', async () => {
    const nodes = await Promise.all(Array.from({ length: 10 }, addNode));
    let asked = 0;
    const failing = {
      ensureDesired: (): Promise<never> => {
        asked += 1;
        return Promise.reject(new Error('no answer'));
      },
    };
    await new OutboxRelay(db, failing, systemClock, silentLogger).publishBatch();
    expect(asked).toBeLessThanOrEqual(3);
    const relay = new OutboxRelay(db, control, systemClock, silentLogger);
    await until('all are published in the end', async () => {
      await allAreDue();
      await relay.publishBatch();
      return (await Promise.all(nodes.map((id) => control.readDesired(id)))).every((last) => last !== undefined);
    });
  });
});

describe('a desired state that is larger than the broker takes', () => {
  it('is put off and recorded, and the others are published', async () => {
    const [bad, ...good] = await Promise.all(Array.from({ length: 4 }, addNode));
    const slot = { slotId: randomUUID(), line: { name: 'x'.repeat(2 * 1024 * 1024) }, deployment: null } as never;
    const digest = asId<never>(`sha256:${'2'.repeat(64)}`);
    await db.transaction((stores) =>
      stores.desired.save({ nodeId: bad ?? never(), generation: 2, digest, body: { slots: [slot], jobs: [] }, issuedAt: new Date() }),
    );
    const relay = new OutboxRelay(db, control, systemClock, silentLogger);
    await until('it was tried twice and the others are published', async () => {
      await relay.publishBatch();
      const codes = (await db.stores.events.newest({ object: bad, limit: 100 }, null)).map((event) => event.code);
      return (
        codes.includes('DesiredStateNotPublished') && (await Promise.all(good.map((id) => control.readDesired(id)))).every((last) => last)
      );
    });
    expect(control.nats.isClosed()).toBe(false);
    // Smaller again, it is published.
    await db.transaction((stores) =>
      stores.desired.save({ nodeId: bad ?? never(), generation: 3, digest, body: { slots: [], jobs: [] }, issuedAt: new Date() }),
    );
    await relay.publishBatch();
    expect((await control.readDesired(bad ?? never()))?.state.generation).toBe(3);
  });
});

describe('watch of the stream', () => {
  it('has everything published again after a purge, and only then', async () => {
    const relay = new OutboxRelay(db, control, systemClock, silentLogger);
    const watch = new StreamWatch(db, silentLogger);
    const id = await addNode();
    const publishAll = (): Promise<unknown> =>
      until('nothing is left to publish', async () => {
        await allAreDue();
        await relay.publishBatch();
        return (await db.stores.desired.countPublished()) === (await db.stores.nodes.allIds()).length;
      });
    await publishAll();
    await watch.seen(await control.provisionStreams());
    await publishAll();
    expect(await watch.seen(await control.provisionStreams())).toBe(false);
    await control.nats.request(`$JS.API.STREAM.PURGE.${DESIRED_STREAM}`);
    expect(await control.readDesired(id)).toBeUndefined();
    expect(await watch.seen(await control.provisionStreams())).toBe(true);
    await publishAll();
    expect((await control.readDesired(id))?.state.generation).toBe(1);
    expect(await watch.seen(await control.provisionStreams())).toBe(false);
  });

  it('has everything published again where the broker forgot the last thing that it took', async () => {
    const relay = new OutboxRelay(db, control, systemClock, silentLogger);
    const watch = new StreamWatch(db, silentLogger);
    await watch.seen(await control.provisionStreams());
    await addNode();
    await until('it is published', async () => (await relay.publishBatch()) === 0);
    const { desired, ...others } = await control.provisionStreams();
    // The node's older message is there again in its place, as it is where the removal was forgotten too.
    expect(await watch.seen({ ...others, desired: { ...desired, lastSeq: desired.lastSeq - 1 } })).toBe(true);
  });
});

describe('heartbeats', () => {
  it('that the database refuses are signs of life, recorded once, and those of the others are written', async () => {
    const [bad, ...good] = await Promise.all(Array.from({ length: 5 }, addNode));
    const heartbeats = new Heartbeats(
      db,
      systemClock,
      { nodeOfflineMs: 20_000, jobLeaseMs: 20_000 },
      new SampleRecorder(db.stores.samples, 10_000),
      silentLogger,
    );
    const beat = (id: NodeId, observedGeneration: number): void => {
      heartbeats.receive(id, { nodeId: id, observedGeneration, slots: [] } as never);
    };
    for (let i = 0; i < 3; i += 1) {
      beat(bad ?? never(), 3_000_000_000);
      for (const id of good) beat(id, 1);
      await heartbeats.flush();
    }
    const rows = await db.stores.nodes.liveness([bad ?? never(), ...good]);
    expect([...rows.values()].filter((row) => row.online)).toHaveLength(5);
    expect(rows.get(bad ?? never())?.heartbeat).toBeNull();
    for (const id of good) expect(rows.get(id)?.heartbeat).toMatchObject({ observedGeneration: 1 });
    const events = await db.stores.events.newest({ object: bad, limit: 100 }, null);
    expect(events.map((event) => event.code)).toEqual(['HeartbeatRefused', 'NodeOnline']);
    expect(events[0]).toMatchObject({
      message: expect.stringContaining('out of range for type integer') as string,
      data: { action: expect.any(String) as string },
    });
  });

  it('that no node could send say nothing about the nodes', async () => {
    const id = await addNode();
    let time = Date.now();
    let connected = true;
    const clock = { now: () => time, monotonic: () => time };
    const times = { nodeOfflineMs: 20_000, jobLeaseMs: 20_000 };
    const heartbeats = new Heartbeats(db, clock, times, new SampleRecorder(db.stores.samples, 10_000), silentLogger, () => connected);
    const online = async (): Promise<boolean | undefined> => (await db.stores.nodes.liveness([id])).get(id)?.online;
    const pass = async (ms: number): Promise<void> => {
      time += ms;
      await heartbeats.flush();
    };
    heartbeats.receive(id, { nodeId: id, observedGeneration: 0, slots: [] } as never);
    await pass(0);
    connected = false;
    for (let i = 0; i < 5; i += 1) await pass(10_000);
    connected = true;
    await pass(19_000);
    expect(await online()).toBe(true);
    await pass(2_000);
    expect(await online()).toBe(false);
  });
});

import type { DesiredState, HealthCheck, HealthView, JobView, NodeView } from '@takt/contracts';
import { silentLogger } from '@takt/kernel';
import type { NodeId } from '@takt/kernel';
import { SteppedClock, until } from '@takt/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../src/boot/parts.js';
import { OutboxRelay } from '../src/desired/relay.js';
import { pushContent } from './content.js';
import { Harness } from './harness.js';
import { TestNode } from './test-node.js';

const OFFLINE_SECONDS = 60;
const clock = new SteppedClock();
/** Reports that fill the broker's stream. */
const REPORTS_KEPT = 8;

let harness: Harness;
let first: TestNode;
let second: TestNode;

beforeAll(async () => {
  const settings = {
    TAKT_NODE_OFFLINE_SECONDS: String(OFFLINE_SECONDS),
    TAKT_JOB_LEASE_SECONDS: String(OFFLINE_SECONDS),
    TAKT_REPORTS_KEPT: String(REPORTS_KEPT),
    TAKT_HEALTH_SECONDS: '1',
  };
  harness = await Harness.start(settings, silentLogger, { clock });
  await harness.ok('POST', '/sites', { name: 'north' });
  first = await TestNode.join(harness, 'north', 'one');
  second = await TestNode.join(harness, 'north', 'two');
});
afterAll(async () => {
  await first.close();
  await second.close();
  await harness.stop();
});

const health = async (): Promise<HealthView> => (await harness.call<HealthView>('GET', '/health')).body;
const healthy = async (): Promise<boolean> => (await health()).status === 'ok';
/** What health says of one part, once it says `reason`; the whole is not ok then. */
const shown = (name: string, reason: string): Promise<HealthCheck> =>
  until(`health shows ${reason} of ${name}`, async () => {
    const { status, checks } = await health();
    const check = checks.find((one) => one.name === name);
    if (check?.reason !== reason) return undefined;
    expect(status).toBe('degraded');
    return check;
  });
const generation = async (node: TestNode): Promise<number> => (await node.connection.getDesired())?.generation ?? 0;
const wanted = async (node: TestNode): Promise<number> =>
  (await harness.ok<NodeView>('GET', `/nodes/${node.identity.nodeId}`)).desiredGeneration;
/** Changes what is wanted of node one, in one generation. */
const change = async (requiredFps: number): Promise<void> => {
  await harness.ok('PATCH', '/lines/press', { requiredFps });
};

describe('desired state', () => {
  beforeAll(async () => {
    await harness.ok('POST', '/lines', {
      site: 'north',
      slug: 'press',
      requiredFps: 1,
      source: { kind: 'image-directory', path: '/frames', fps: 1000 },
    });
    await harness.ok('POST', '/slots', { line: 'press', node: 'one', model: 'detector' });
  });

  it('is published by digest and generation, and pushed to the node at once', async () => {
    await until('what is wanted so far is published', async () => (await generation(first)) === (await wanted(first)));
    const pushed: DesiredState[] = [];
    const end = first.connection.subscribeDesired((state) => pushed.push(state));
    await first.connection.nats.flush();
    await change(2);
    await until('the push arrives', () => pushed.length === 1);
    end();
    expect(pushed[0]).toMatchObject({
      nodeId: first.identity.nodeId,
      generation: await wanted(first),
      body: { slots: [{ line: { requiredFps: 2 } }] },
    });
    // The same rows again are no new generation.
    await change(2);
    expect(await wanted(first)).toBe(pushed[0]?.generation);
  });

  it('is never put back by a relay that took the row before a newer one was published', async () => {
    const { db } = harness.controlPlane.parts;
    const control = await harness.stack.nats.connectControl();
    const published: number[] = [];
    const relay = (): OutboxRelay =>
      new OutboxRelay(
        db,
        {
          ensureDesired: async (state) => {
            published.push(state.generation);
            return control.ensureDesired(state);
          },
        },
        systemClock,
        silentLogger,
      );
    const relays = [relay(), relay(), relay()];
    for (let round = 0; round < 10; round += 1) {
      await Promise.all([change(10 + round), ...relays.map((one) => one.publishBatch())]);
    }
    await until('the last generation is there', async () => (await generation(first)) === (await wanted(first)));
    // An old row that a slow relay still holds: the guard keeps the newer one.
    const stale = await db.stores.desired.find(first.identity.nodeId);
    if (stale === null) throw new Error('no desired row');
    const outcome = await control.ensureDesired({
      schemaVersion: 1,
      nodeId: stale.nodeId,
      epoch: await db.stores.settings.epoch(),
      generation: stale.generation - 1,
      digest: stale.digest,
      issuedAt: stale.issuedAt.toISOString(),
      body: stale.body,
    });
    expect(outcome.outcome).toBe('newer-present');
    expect(await generation(first)).toBe(stale.generation);
    await control.close();
  });

  it('is published again by a relay that died between publishing and its commit', async () => {
    const { db } = harness.controlPlane.parts;
    const control = await harness.stack.nats.connectControl();
    // A relay that holds the row while the one of the control plane has to pass it over.
    let publishedOnce = false;
    const dying = new OutboxRelay(
      db,
      {
        ensureDesired: async (state) => {
          await control.ensureDesired(state);
          publishedOnce = true;
          return Promise.reject(new Error('died here'));
        },
      },
      systemClock,
      silentLogger,
      // A failure without a connection puts the whole batch back, as a death does.
      () => false,
    );
    // Which of the two takes a row first is chance.
    const deadline = performance.now() + 20_000;
    for (let round = 0; !publishedOnce && performance.now() < deadline; round += 1) {
      await Promise.all([change(100 + round), dying.publishBatch().catch(() => undefined)]);
      await dying.publishBatch().catch(() => undefined);
    }
    expect(publishedOnce).toBe(true);
    await until('the row was taken again', async () => (await db.transaction((stores) => stores.desired.takeDirty(100))).length === 0);
    expect(await generation(first)).toBe(await wanted(first));
    await control.close();
  });

  it('is published again, all of it, when the broker lost its store', async () => {
    await until('messaging is up', healthy);
    const before = [await generation(first), await generation(second)];
    expect(Math.min(...before)).toBeGreaterThan(0);
    await harness.stack.nats.kill();
    await harness.stack.nats.wipeStore();
    await harness.stack.nats.start();
    await until(
      'both nodes have their desired state again',
      async () => (await generation(first)) === before[0] && (await generation(second)) === before[1],
    );
    await change(33);
    await until('the next generation follows', async () => (await generation(first)) === (before[0] ?? 0) + 1);
  });
});

const condition = (): Promise<unknown> =>
  first.report({
    kind: 'condition',
    condition: { type: 'DiskSpace', status: 'true', reason: 'Enough', message: 'x', action: null, since: new Date().toISOString() },
  });

describe('health', () => {
  it('answers while the database is stopped, shows reports that fill the broker meanwhile, and is ok again when it goes on', async () => {
    await until('all is well', healthy);
    const resume = await harness.stack.postgres.pause();
    try {
      expect(await shown('database', 'NoAnswer')).toMatchObject({ status: 'failing' });
      expect(await harness.call('GET', '/live')).toMatchObject({ status: 200, body: { status: 'ok' } });
      for (let sent = 0; sent < REPORTS_KEPT; sent += 1) await condition();
      expect(await shown('broker-store', 'StoreFull')).toMatchObject({ status: 'failing', figures: { TAKT_REPORTS_percent: 100 } });
    } finally {
      resume();
    }
    await until('all is well again', healthy);
    await first.confirmed();
  });

  it('shows heartbeats that are not written', async () => {
    const raw = new pg.Client({ connectionString: harness.stack.postgres.url });
    await raw.connect();
    await raw.query('ALTER TABLE node_liveness RENAME TO node_liveness_away');
    first.beat();
    expect(await shown('heartbeats', 'Failing')).toMatchObject({
      status: 'failing',
      message: expect.stringContaining('node_liveness') as string,
    });
    // The name of a table is for those who may log in.
    const { body } = await harness.call<HealthView>('GET', '/health', undefined, '');
    expect(body.checks.find(({ name }) => name === 'heartbeats')).toMatchObject({ status: 'failing', reason: 'Failing' });
    expect(JSON.stringify(body)).not.toContain('node_liveness');
    await raw.query('ALTER TABLE node_liveness_away RENAME TO node_liveness');
    await raw.end();
    await until('all is well again', healthy);
  });

  it('shows a broker that is stopped, and is ok again when it goes on', async () => {
    const resume = await harness.stack.nats.pause();
    try {
      expect(await shown('messaging', 'Unreachable')).toMatchObject({ status: 'failing' });
      expect(await shown('rpc', 'NoAnswer')).toMatchObject({ status: 'failing' });
    } finally {
      resume();
    }
    await until('all is well again', healthy);
  });

  it('holds no stop up while database and broker are stopped', async () => {
    const resume = await Promise.all([harness.stack.postgres.pause(), harness.stack.nats.pause()]);
    try {
      await harness.controlPlane.stop();
    } finally {
      for (const one of resume) one();
    }
    await harness.start();
    await until('all is well again', healthy);
  });
});

describe('without one of its parts', () => {
  it('answers 503 without the database, and goes on when it is back', async () => {
    await harness.stack.postgres.kill();
    await until('the database is missed', async () => !(await healthy()));
    const answer = await harness.call('GET', '/sites');
    expect(answer).toMatchObject({ status: 503, body: { code: 'DatabaseUnavailable', retryable: true } });
    await condition();
    await harness.stack.postgres.start();
    await until('the database is back', healthy);
    await first.confirmed();
    await change(44);
    await until('the relay goes on', async () => (await generation(first)) === (await wanted(first)));
  });

  it('keeps what was decided while the broker was away', async () => {
    await harness.stack.nats.kill();
    await until('the broker is missed', async () => !(await healthy()));
    await change(55);
    await harness.stack.nats.start();
    await until('the relay goes on', async () => (await generation(first)) === (await wanted(first)));
  });

  it('comes back from a restart with everything, and answers requests of nodes', async () => {
    await harness.restart();
    await until('messaging is up', healthy);
    expect((await harness.ok<{ items: unknown[] }>('GET', '/nodes')).items).toHaveLength(2);
    await first.confirmed();
    const renewed = await first.connection.request('renew', {});
    expect(new Date(renewed.expiresAt).getTime()).toBeGreaterThan(Date.now());
  });
});

describe('a calibrate job', () => {
  it('moves to another node when its node is gone', async () => {
    await pushContent(harness);
    const beat = (node: TestNode): void => {
      node.beat();
    };
    await until('both are online', async () => {
      beat(first);
      beat(second);
      return (await harness.ok<{ items: NodeView[] }>('GET', '/nodes')).items.every((node) => node.online);
    });
    await harness.ok('POST', '/deployments', { release: 'int8', slot: 'press@one' });
    const job = async (): Promise<JobView | undefined> =>
      (await harness.ok<{ items: JobView[] }>('GET', '/jobs')).items.find((row) => row.kind === 'calibrate');
    expect((await job())?.node?.name).toBe('one');
    // Node one falls silent; node two goes on.
    await until('node two has the job', async () => {
      const number = second.beat();
      await until('the heartbeat is written', async () => {
        const written = await harness.controlPlane.parts.db.stores.nodes.liveness([second.identity.nodeId]);
        return written.get(second.identity.nodeId)?.heartbeat?.uptimeSeconds === number;
      });
      clock.advance((OFFLINE_SECONDS * 1000) / 4);
      return (await job())?.node?.name === 'two';
    });
    const given = (node: NodeId): boolean => node === second.identity.nodeId;
    await until('desired state says so', async () => {
      const state = await second.connection.getDesired();
      return state !== undefined && given(state.nodeId) && state.body.jobs.length === 1;
    });
    await until('node one is relieved', async () => (await first.connection.getDesired())?.body.jobs.length === 0);
    expect(await job()).toMatchObject({ attempts: 2, state: 'queued' });
    const events = await harness.ok<{ items: { code: string }[] }>('GET', '/events?limit=1000');
    expect(events.items.map((event) => event.code)).toContain('NodeOffline');
  });

  it('starts over as a new job after a failure that may pass, and fails what waits for it after one that may not', async () => {
    const calibrations = async (): Promise<JobView[]> =>
      (await harness.ok<{ items: JobView[] }>('GET', '/jobs')).items.filter((row) => row.kind === 'calibrate');
    const open = async (): Promise<JobView | undefined> =>
      (await calibrations()).find((row) => row.state === 'queued' || row.state === 'running');
    const fail = async (job: JobView | undefined, retryable: boolean): Promise<void> => {
      second.beat();
      await second.report({
        kind: 'job',
        jobId: job?.id as never,
        jobKind: 'calibrate',
        state: 'failed',
        phase: 'calibrating',
        progress: 0.5,
        etaSeconds: null,
        result: null,
        error: { code: 'WorkerCrashed', message: 'it crashed', action: 'look', retryable },
      });
      await second.confirmed();
    };
    const before = await open();
    await fail(before, true);
    const again = await open();
    expect(again?.id).not.toBe(before?.id);
    expect(again).toMatchObject({ attempts: 3, node: { name: 'two' } });
    await fail(again, false);
    expect(await open()).toBeUndefined();
    expect((await calibrations()).map((row) => row.state)).toEqual(['failed', 'failed']);
    const { items } = await harness.ok<{ items: { state: string; reason: string }[] }>('GET', '/deployments?limit=1');
    expect(items[0]).toMatchObject({ state: 'failed', reason: 'CalibrationFailed' });
    await until(
      'nothing is wanted of the slot any more',
      async () => (await first.connection.getDesired())?.body.slots[0]?.deployment === null,
    );
  });
});

import { randomUUID } from 'node:crypto';
import {
  confirmRequestSchema,
  deploymentReportSchema,
  heartbeatSchema,
  jobReportSchema,
  reportEnvelopeSchema,
  reportSchema,
  slotCountersSchema,
  slotMetricsSchema,
} from '@takt/contracts';
import type { SlotCounters } from '@takt/contracts';
import { asId, silentLogger } from '@takt/kernel';
import type { LineId, Logger, NodeId, RolloutId, SiteId, SlotId } from '@takt/kernel';
import { ChangeListener, Database, isUniqueViolation, sqlState } from '@takt/persistence';
import type { FleetNode, Stores } from '@takt/persistence';
import { startTestStack, until } from '@takt/testing';
import type { TestStack } from '@takt/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let stack: TestStack;
let db: Database;
let raw: pg.Client;
const siteId = asId<SiteId>(randomUUID());

const newNode = (name: string): FleetNode => ({
  id: asId<NodeId>(randomUUID()),
  siteId,
  name,
  publicKey: `U${name}`,
  hostname: name,
  joinedAt: new Date(),
  agentVersion: null,
  fingerprint: null,
  profile: null,
  facts: null,
  conditions: [],
});
/** A rollout that has the node as its one member; only the rows that its members are read from. */
const memberOf = async (nodeId: NodeId, slotId: SlotId): Promise<RolloutId> => {
  const id = asId<RolloutId>(randomUUID());
  await raw.query('SET session_replication_role = replica');
  await raw.query(
    `INSERT INTO rollouts (id, name, release_id, model, phase, policy, target, current_wave, created_by, created_at, updated_at)
     VALUES ($1::uuid, $1::text, gen_random_uuid(), 'm', 'running', '{}', '{}', 0, 'test', now(), now())`,
    [id],
  );
  await raw.query(
    `INSERT INTO rollout_members (rollout_id, node_id, site_id, profile, slot_ids, line_ids, wave, bucket, message, changed_at)
     VALUES ($1, $2, $3, 'x64', jsonb_build_array($4::text), '[]', 0, 'pending', 'waits', now())`,
    [id, nodeId, siteId, slotId],
  );
  await raw.query('INSERT INTO node_liveness (node_id, online, last_seen_at, heartbeat) VALUES ($1, true, now(), $2)', [nodeId, '{}']);
  await raw.query('RESET session_replication_role');
  return id;
};
const note = (stores: Stores, code: string): void => {
  stores.events.append({
    at: new Date(),
    actor: 'test',
    code,
    severity: 'info',
    message: code,
    object: { kind: 'site', id: siteId, name: 'site' },
    siteId,
    data: {},
  });
};

beforeAll(async () => {
  stack = await startTestStack({ nats: false });
  db = await Database.open({ url: stack.postgres.url, logger: silentLogger });
  raw = new pg.Client({ connectionString: stack.postgres.url });
  await raw.connect();
  await db.stores.sites.add({ id: siteId, name: 'site', createdAt: new Date() });
});
afterAll(async () => {
  await raw.end();
  await db.close();
  await stack.stop();
});

describe('migrations', () => {
  it('run once, whoever opens the database, and the epoch stays', async () => {
    const epoch = await db.stores.settings.epoch();
    const others = await Promise.all([1, 2, 3].map(() => Database.open({ url: stack.postgres.url, logger: silentLogger, poolSize: 2 })));
    expect(await Promise.all(others.map((other) => other.stores.settings.epoch()))).toEqual([epoch, epoch, epoch]);
    await Promise.all(others.map((other) => other.close()));
    expect((await raw.query('SELECT count(*)::int AS n FROM migrations')).rows).toEqual([{ n: 5 }]);
  });
});

describe('transactions', () => {
  it('run again in a new transaction after a deadlock, and only then', async () => {
    const [a, b] = [newNode('deadlock-a'), newNode('deadlock-b')];
    await db.stores.nodes.add(a);
    await db.stores.nodes.add(b);
    let runs = 0;
    let arrived = 0;
    const both = async (): Promise<void> => {
      arrived += 1;
      await until('both hold their first row', () => arrived >= 2);
    };
    const lockInOrder = (first: FleetNode, then: FleetNode): Promise<void> =>
      db.transaction(async (stores) => {
        runs += 1;
        await stores.nodes.update(first.id, { hostname: 'x' });
        await both();
        await stores.nodes.update(then.id, { hostname: 'y' });
      });
    await Promise.all([lockInOrder(a, b), lockInOrder(b, a)]);
    expect(runs).toBe(3);

    let failures = 0;
    const failing = db.transaction(async (stores) => {
      failures += 1;
      await stores.nodes.add(newNode('deadlock-a'));
    });
    await expect(failing).rejects.toSatisfy(isUniqueViolation);
    expect(failures).toBe(1);
  });

  it('write nothing when they fail, events and outbox included', async () => {
    const node = newNode('nothing');
    await expect(
      db.transaction(async (stores) => {
        await stores.nodes.add(node);
        await stores.desired.markDirty([node.id]);
        note(stores, 'Nothing');
        await stores.events.flush();
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await db.stores.nodes.find(node.id)).toBeNull();
    expect((await raw.query('SELECT 1 FROM outbox')).rowCount).toBe(0);
    expect((await raw.query(`SELECT 1 FROM events WHERE code = 'Nothing'`)).rowCount).toBe(0);
  });
});

describe('events', () => {
  it('are numbered in the order of their commits, so that a reader misses none', async () => {
    const seen: number[] = [];
    let stop = false;
    let last = await db.stores.events.lastSeq();
    const reader = (async (): Promise<void> => {
      while (!stop) {
        for (const event of await db.stores.events.after(last, { limit: 1000 }, null)) {
          seen.push(event.seq);
          last = event.seq;
        }
      }
    })();
    const wrote = 40;
    await Promise.all(
      Array.from({ length: wrote }, (_, i) =>
        db.transaction(async (stores) => {
          note(stores, `Parallel${String(i)}`);
          await stores.settings.get('epoch');
        }),
      ),
    );
    await until('the reader has them all', () => seen.length >= wrote);
    stop = true;
    await reader;
    expect(seen).toHaveLength(wrote);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it.each(['UPDATE events SET actor = $1', 'DELETE FROM events WHERE actor <> $1'])('cannot be changed: %s', async (sql) => {
    await expect(raw.query(sql, ['nobody'])).rejects.toThrow('append-only');
  });

  it('wake listeners after the commit', async () => {
    let woken = 0;
    const end = db.listen('takt_events', () => {
      woken += 1;
    });
    await until('the listener is there', () => woken > 0);
    const before = woken;
    await db.transaction((stores) => {
      note(stores, 'Wake');
      return Promise.resolve();
    });
    await until('it is woken', () => woken > before);
    end();
  });
});

describe('outbox', () => {
  it('gives each dirty node to one taker, and back when the taker fails', async () => {
    const nodes = Array.from({ length: 20 }, (_, i) => newNode(`dirty-${String(i)}`));
    await db.transaction(async (stores) => {
      for (const node of nodes) {
        await stores.nodes.add(node);
        await stores.desired.lock(node.id);
        await stores.desired.save({
          nodeId: node.id,
          generation: 1,
          digest: asId(`sha256:${'1'.repeat(64)}`),
          body: { slots: [], jobs: [] },
          issuedAt: new Date(),
        });
      }
    });
    await expect(
      db.transaction(async (stores) => {
        expect(await stores.desired.takeDirty(100)).toHaveLength(20);
        throw new Error('killed');
      }),
    ).rejects.toThrow('killed');
    const taken = await Promise.all(Array.from({ length: 5 }, () => db.transaction((stores) => stores.desired.takeDirty(7))));
    const ids = taken.flat().map((row) => row.nodeId);
    expect(new Set(ids).size).toBe(ids.length);
    const rest = await db.transaction((stores) => stores.desired.takeDirty(100));
    expect(ids.length + rest.length).toBe(20);
  });
});

describe('old reports', () => {
  it('are deleted in batches as far as they are applied, and are not taken again', async () => {
    const node = newNode('reporting');
    await db.stores.nodes.add(node);
    const save = (seq: number): Promise<boolean> =>
      db.stores.reports.save({ nodeId: node.id, seq, at: new Date().toISOString(), body: {} });
    for (const seq of [1, 2, 3, 4, 6]) await save(seq);
    await db.stores.reports.lockCursor(node.id);
    await db.stores.reports.advanceCursor(node.id, 4);
    await raw.query(`UPDATE reports SET received_at = now() - interval '31 days' WHERE seq <> 4`);
    const left = async (): Promise<unknown> => (await raw.query('SELECT seq::int FROM reports ORDER BY seq')).rows;
    const monthAgo = new Date(Date.now() - 30 * 86_400_000);
    expect(await db.stores.reports.deleteApplied(monthAgo, 2)).toBe(2);
    expect(await db.stores.reports.deleteApplied(monthAgo, 2)).toBe(1);
    expect(await db.stores.reports.deleteApplied(monthAgo, 2)).toBe(0);
    expect(await left()).toEqual([{ seq: 4 }, { seq: 6 }]);
    expect(await db.stores.reports.confirmed(node.id)).toBe(4);
  });
});

/** Numbers that nodes send, by the column that each ends in. */
const FROM_NODES = {
  'deployment_transitions.generation': { schemas: [deploymentReportSchema.shape.generation], min: 0, max: 2 ** 31 - 1 },
  // Not written, but compared as the same type, in one statement for all nodes.
  'desired_states.generation': { schemas: [heartbeatSchema.shape.observedGeneration], min: 0, max: 2 ** 31 - 1 },
  'jobs.eta_seconds': { schemas: [jobReportSchema.shape.etaSeconds], min: -Number.MAX_VALUE, max: Number.MAX_VALUE },
  'jobs.progress': { schemas: [jobReportSchema.shape.progress], min: 0, max: 1 },
  'node_report_cursor.seq': { schemas: [confirmRequestSchema.shape.firstSeq], min: 1, max: Number.MAX_SAFE_INTEGER },
  'reports.seq': { schemas: [reportSchema.shape.seq, reportEnvelopeSchema.shape.seq], min: 1, max: Number.MAX_SAFE_INTEGER },
  'slot_samples.delivered': { schemas: [slotCountersSchema.shape.delivered], min: 0, max: Number.MAX_SAFE_INTEGER },
  'slot_samples.dropped': { schemas: [slotCountersSchema.shape.dropped], min: 0, max: Number.MAX_SAFE_INTEGER },
  'slot_samples.elapsed_ms': { schemas: [slotCountersSchema.shape.elapsedMs], min: 0, max: Number.MAX_SAFE_INTEGER },
  'slot_samples.errors': { schemas: [slotCountersSchema.shape.errors], min: 0, max: Number.MAX_SAFE_INTEGER },
} as const;
/** Numbers that the control plane makes, or that people and their tools give it over HTTP. */
const NOT_FROM_NODES = [
  'artifacts.size_bytes',
  'datasets.images',
  'deployment_transitions.id',
  'events.seq',
  'jobs.attempts',
  'join_tokens.uses',
  'join_tokens.uses_left',
  'lines.required_fps',
  'outbox.attempts',
  'outbox.id',
  'releases.accuracy_budget_points',
  'rollout_gates.wave',
  'rollout_members.wave',
  'rollout_waves.index',
  'rollouts.current_wave',
  'rollouts.generation',
];

describe('columns of numbers', () => {
  it('are all known: either nodes feed them within a range that is checked, or they do not', async () => {
    const { rows } = await raw.query<{ name: string }>(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
       WHERE table_schema = 'public' AND table_name <> 'migrations' AND data_type IN ('smallint', 'integer', 'bigint', 'real', 'double precision', 'numeric')`,
    );
    expect(rows.map((row) => row.name).sort()).toEqual([...Object.keys(FROM_NODES), ...NOT_FROM_NODES].sort());
  });

  it.each(Object.entries(FROM_NODES))(
    '%s takes what its schemas take, and its schemas take no more',
    async (name, { schemas, min, max }) => {
      const [table = '', column = ''] = name.split('.');
      const { rows } = await raw.query<{ type: string }>(
        'SELECT data_type AS type FROM information_schema.columns WHERE table_name = $1 AND column_name = $2',
        [table, column],
      );
      for (const value of [min, max]) {
        const stored = await raw.query<{ value: string }>(`SELECT $1::${rows[0]?.type ?? ''}::text AS value`, [value]);
        expect(Number(stored.rows[0]?.value)).toBe(value);
        for (const schema of schemas) expect(schema.safeParse(value).success).toBe(true);
      }
      for (const value of [min - 1, max + 1, max * 2, Infinity, Number.NaN, min - 0.5]) {
        if (value === min || value === max || (value > min && value < max)) continue;
        for (const schema of schemas) expect({ value, taken: schema.safeParse(value).success }).toEqual({ value, taken: false });
      }
      if (rows[0]?.type === 'integer') await expect(raw.query('SELECT $1::integer', [max + 1])).rejects.toMatchObject({ code: '22003' });
    },
  );
});

describe('samples', () => {
  const extreme: SlotCounters = {
    since: '9999-12-31T23:59:59.9999999999999999999Z',
    elapsedMs: Number.MAX_SAFE_INTEGER,
    delivered: Number.MAX_SAFE_INTEGER,
    dropped: Number.MAX_SAFE_INTEGER,
    errors: Number.MAX_SAFE_INTEGER,
    serviceTime: Array.from({ length: 301 }, (_, index) => [index - 60, Number.MAX_SAFE_INTEGER]),
  };
  const metrics = (counters: unknown): unknown => ({
    slotId: randomUUID(),
    runtimeReachable: true,
    activeDeploymentId: null,
    deliveredFps: null,
    requiredFps: 1,
    serviceP50Ms: null,
    serviceP95Ms: null,
    serviceP99Ms: null,
    framesDelivered: 0,
    framesDropped: 0,
    errors: 0,
    counters,
  });

  it('of a node that sends the extremes of its contract are stored, and leave what rollouts read in order', async () => {
    expect(slotMetricsSchema.safeParse(metrics(extreme)).error).toBeUndefined();
    const long = { ...extreme, since: `2026-01-01T00:00:00.${'1'.repeat(200)}Z` };
    for (const bad of [long, { ...extreme, elapsedMs: 1e300 }]) expect(slotMetricsSchema.safeParse(metrics(bad)).success).toBe(false);
    const node = newNode('extreme');
    const other = newNode('extreme-neighbour');
    const [lineId, slotId] = [asId<LineId>(randomUUID()), asId<SlotId>(randomUUID())];
    await db.transaction(async (stores) => {
      await stores.nodes.add(node);
      await stores.nodes.add(other);
      const source = { kind: 'image-directory' as const, path: '/frames', datasetId: null, fps: 1 };
      await stores.lines.add({
        id: lineId,
        siteId,
        slug: 'extreme',
        name: 'extreme',
        requiredFps: 1,
        source,
        createdAt: new Date(),
        sourceSince: new Date(0),
      });
      await stores.slots.add({
        id: slotId,
        siteId,
        lineId,
        nodeId: node.id,
        model: 'm',
        targetId: null,
        activeId: null,
        serving: null,
        createdAt: new Date(),
      });
    });
    const at = new Date();
    const reading = { nodeId: node.id, slotId, at, deploymentId: null, counters: extreme };
    // A reading of a node that the slot does not belong to takes the place of none.
    const foreign = { ...reading, nodeId: other.id, at: new Date(at.getTime() - 1), counters: { ...extreme, delivered: 1 } };
    expect(await db.stores.samples.record([foreign, reading], 1_000_000)).toBe(1);
    await db.stores.samples.add([{ ...reading, at: new Date(at.getTime() + 1), counters: { ...extreme, delivered: 0, elapsedMs: 0 } }]);
    expect(
      (await db.stores.samples.between([slotId], new Date(0), new Date(Date.now() + 1_000))).map(({ counters }) => counters.delivered),
    ).toEqual([Number.MAX_SAFE_INTEGER, 0]);
    const rollout = await memberOf(node.id, slotId);
    const [observed] = await db.stores.observedSlots.ofRollout(rollout, { settleMs: 0, since: new Date(0) });
    expect(observed?.past).toEqual({ intervals: 1, frames: Number.MAX_SAFE_INTEGER, seconds: Number.MAX_SAFE_INTEGER / 1000 });
  });
});

describe('heartbeats', () => {
  it('of a node that was only heard keep what it said last, without the figures of its slots', async () => {
    const [known, fresh] = [newNode('heard'), newNode('heard-first')];
    await db.stores.nodes.add(known);
    await db.stores.nodes.add(fresh);
    const heartbeat = { observedGeneration: 3, rssMiB: 50, slots: [{ slotId: randomUUID() }] } as never;
    await db.stores.nodes.saveHeartbeats([{ nodeId: known.id, at: new Date(1), heartbeat }]);
    await db.stores.nodes.saveHeartbeats([known, fresh].map(({ id }) => ({ nodeId: id, at: new Date(2), heartbeat: null })));
    const rows = await db.stores.nodes.liveness([known.id, fresh.id]);
    expect(rows.get(known.id)).toMatchObject({
      online: true,
      lastSeenAt: new Date(2),
      heartbeat: { observedGeneration: 3, rssMiB: 50, slots: [] },
    });
    expect(rows.get(fresh.id)).toMatchObject({ online: true, heartbeat: null });
    await db.stores.slots.figures();
    await db.stores.nodes.saveHeartbeats([{ nodeId: fresh.id, at: new Date(3), heartbeat }]);
    expect((await db.stores.nodes.liveness([fresh.id])).get(fresh.id)?.heartbeat).toEqual(heartbeat);
    await db.stores.nodes.markOffline(new Date());
  });

  it('of many nodes are one statement, of unknown ones nothing, and online is derived', async () => {
    const nodes = Array.from({ length: 10 }, (_, i) => newNode(`beat-${String(i)}`));
    for (const node of nodes) await db.stores.nodes.add(node);
    const beat = (nodeId: NodeId) => ({ nodeId, at: new Date(), heartbeat: { nodeId, slots: [] } as never });
    const arrived = await db.stores.nodes.saveHeartbeats([...nodes.map((node) => beat(node.id)), beat(asId<NodeId>(randomUUID()))]);
    expect(new Set(arrived)).toEqual(new Set(nodes.map((node) => node.id)));
    expect(await db.stores.nodes.saveHeartbeats(nodes.map((node) => beat(node.id)))).toEqual([]);
    expect(await db.stores.nodes.markOffline(new Date(Date.now() + 60_000))).toHaveLength(10);
    expect(await db.stores.nodes.markOffline(new Date(Date.now() + 60_000))).toEqual([]);
  });
});

describe('limits', () => {
  it('end a statement that takes too long, and one that waits for a lock, with the state of each', async () => {
    const limited = await Database.open({ url: stack.postgres.url, logger: silentLogger, limits: { lockMs: 100 } });
    const node = newNode('locked');
    await db.stores.nodes.add(node);
    await raw.query('BEGIN');
    await raw.query('SELECT 1 FROM nodes WHERE id = $1 FOR UPDATE', [node.id]);
    await expect(limited.stores.nodes.update(node.id, { hostname: 'z' })).rejects.toSatisfy((error) => sqlState(error) === '55P03');
    await raw.query('ROLLBACK');
    await raw.query('BEGIN');
    await raw.query('LOCK TABLE sites IN ACCESS EXCLUSIVE MODE');
    const patient = await Database.open({ url: stack.postgres.url, logger: silentLogger, limits: { statementMs: 500, lockMs: 60_000 } });
    await expect(patient.stores.sites.find(siteId)).rejects.toSatisfy((error) => sqlState(error) === '57014');
    await raw.query('ROLLBACK');
    await limited.stores.nodes.update(node.id, { hostname: 'z' });
    await patient.close();
    await limited.close();
  });

  it('name who migrates where another process has done so for too long', async () => {
    await raw.query('SELECT pg_advisory_lock(7216000)');
    const opened = Database.open({ url: stack.postgres.url, logger: silentLogger, limits: { migrationLockMs: 100 } });
    await expect(opened).rejects.toMatchObject({
      code: 'MigrationWaits',
      message: expect.stringMatching(/process \d+ of the server/) as string,
    });
    await raw.query('SELECT pg_advisory_unlock(7216000)');
  });

  it('end what a stopped server holds, and go on with new connections when it does', async () => {
    // On a busy host an answer may come later than the limits of this pool: what should succeed is tried until it does.
    const limited = await until('it opens', () =>
      Database.open({ url: stack.postgres.url, logger: silentLogger, poolSize: 2, limits: { connectMs: 1_000, answerMs: 1_000 } }),
    );
    let woken = 0;
    const end = limited.listen('takt_events', () => {
      woken += 1;
    });
    await until('the listener is there', () => woken > 0);
    await until('it answers', () => limited.ping().then(() => true));
    const resume = await stack.postgres.pause();
    try {
      // Twice the pool: those that wait for a free connection end as well, and so does a transaction with its rollback.
      const waiting = await Promise.allSettled([
        limited.transaction((stores) => stores.settings.epoch()),
        ...Array.from({ length: 3 }, () => limited.ping()),
      ]);
      expect(waiting.map((one) => one.status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected']);
    } finally {
      resume();
    }
    await until('it answers again', () => limited.ping().then(() => true));
    const before = woken;
    await until('it takes a row', () =>
      limited.transaction((stores) => {
        note(stores, 'Woken');
        return Promise.resolve(true);
      }),
    );
    await until('the listener hears', () => woken > before);
    end();
    await limited.close();
  });

  it('let a connection that only listens notice a server that stopped, and connect again', async () => {
    let [woken, noticed] = [0, 0];
    const notice = (): void => void (noticed += 1);
    const logger: Logger = { ...silentLogger, debug: notice, warn: notice };
    const listener = new ChangeListener(stack.postgres.url, logger, { connectMs: 5_000, answerMs: 500 }, 50);
    listener.listen('takt_events', () => {
      woken += 1;
    });
    await until('it is there', () => woken > 0);
    const sessions = async (): Promise<unknown> =>
      (await raw.query(`SELECT pid FROM pg_stat_activity WHERE application_name = 'takt-control-plane listener' ORDER BY pid DESC`)).rows;
    const before = await sessions();
    const resume = await stack.postgres.pause();
    noticed = 0;
    await until('it has noticed', () => noticed > 0).finally(resume);
    const first = woken;
    await until('it has connected again', () => woken > first);
    expect(await sessions()).not.toEqual(before);
    await listener.close();
  });

  it('let a pool end while its server is stopped', async () => {
    const limited = await Database.open({ url: stack.postgres.url, logger: silentLogger, poolSize: 2 });
    await limited.ping();
    const resume = await stack.postgres.pause();
    try {
      await limited.close();
    } finally {
      resume();
    }
  });
});

import { randomUUID } from 'node:crypto';
import { asId, silentLogger } from '@takt/kernel';
import type { RolloutId } from '@takt/kernel';
import { Database } from '@takt/persistence';
import { countBuckets } from '@takt/rollout';
import { startTestStack } from '@takt/testing';
import type { TestStack } from '@takt/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MEMBERS = 1_000;
const [north, south, elsewhere] = [randomUUID(), randomUUID(), randomUUID()];
const id = asId<RolloutId>(randomUUID());

let stack: TestStack;
let db: Database;
let raw: pg.Client;

beforeAll(async () => {
  stack = await startTestStack({ nats: false });
  db = await Database.open({ url: stack.postgres.url, logger: silentLogger });
  raw = new pg.Client({ connectionString: stack.postgres.url });
  await raw.connect();
  // Only the rollout's own rows matter here: what they refer to is left out.
  await raw.query('SET session_replication_role = replica');
  await raw.query(
    `INSERT INTO rollouts (id, name, release_id, model, phase, policy, target, current_wave, created_by, created_at, updated_at)
     VALUES ($1, 'big-1', gen_random_uuid(), 'detector', 'running', '{}', '{}', 0, 'test', now(), now())`,
    [id],
  );
  await raw.query(
    `INSERT INTO rollout_waves (rollout_id, index, name, step) VALUES ($1, 0, 'canary', 'moving'), ($1, 1, 'wave 2', 'pending')`,
    [id],
  );
  await raw.query(
    `INSERT INTO rollout_members (rollout_id, node_id, site_id, profile, slot_ids, line_ids, wave, bucket, message, changed_at)
     SELECT $1, gen_random_uuid(), CASE WHEN n <= 10 THEN $2::uuid ELSE $3::uuid END, 'x64', '["s"]', '["l"]', n % 2, 'pending', 'waits', now()
     FROM generate_series(1, ${String(MEMBERS)}) n`,
    [id, north, south],
  );
  await raw.query(`
    CREATE TABLE update_statements (n int);
    CREATE FUNCTION count_update() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO update_statements VALUES (1); RETURN NULL; END';
    CREATE TRIGGER counted AFTER UPDATE ON rollout_members FOR EACH STATEMENT EXECUTE FUNCTION count_update();`);
});
afterAll(async () => {
  await raw.end();
  await db.close();
  await stack.stop();
});

describe('members of a rollout', () => {
  it('are written with a statement per five hundred, and come back as they were', async () => {
    const row = await db.stores.rollouts.find(id);
    if (row === null) throw new Error('the rollout is not there');
    const before = await db.stores.rollouts.load(row);
    const changed = before.members.map((member, index) =>
      index === 0
        ? member
        : {
            ...member,
            bucket: index % 2 === 0 ? ('working' as const) : ('failed' as const),
            reason: index % 2 === 0 ? null : 'RevertFailed',
            message: `it’s "${String(index)}"`,
            movedAt: 1_000 + index,
            revert: index % 2 === 0 ? null : { reason: 'GateServiceTimeP50', startedAt: index % 4 === 1 ? null : 2_000 },
          },
    );
    const after = { ...before, members: changed };
    expect(await db.transaction((stores) => stores.rollouts.save(row, before, after, new Date(), randomUUID))).toBe(true);
    expect(await db.stores.rollouts.members(id)).toEqual(changed);
    const { rows } = await raw.query<{ count: number }>('SELECT count(*)::int AS count FROM update_statements');
    expect(rows[0]?.count).toBe(Math.ceil((MEMBERS - 1) / 500));
  });

  it('are counted by the database, per wave and within a site scope', async () => {
    const members = await db.stores.rollouts.members(id);
    const all = await db.stores.rollouts.standings([id], null);
    expect(all.length).toBeLessThanOrEqual(6);
    expect(countBuckets(all)).toEqual(countBuckets(members));
    const northern = await db.stores.rollouts.standings([id], [north]);
    expect(countBuckets(northern).total).toBe(10);
    expect(await db.stores.rollouts.standings([], null)).toEqual([]);
    expect((await db.stores.rollouts.wavesOf([id])).get(id)?.map((wave) => wave.name)).toEqual(['canary', 'wave 2']);
  });
});

describe('the lease of a rollout that ended', () => {
  it('is taken as long as a node may still go back, and no longer', async () => {
    const lease = async (reason: string): Promise<number> => {
      await raw.query(`UPDATE rollout_members SET bucket = 'failed', reason = $1`, [reason]);
      await raw.query(`UPDATE rollouts SET phase = 'partial', ended_at = now(), lease_until = NULL`);
      return (await db.stores.rollouts.lease('one', 5, 10)).length;
    };
    expect(await lease('RevertOverdue')).toBe(1);
    expect(await lease('RevertFailed')).toBe(0);
  });
});

describe('events of a rollout over several sites', () => {
  it('are seen by whoever is responsible for one of them, and by nobody else', async () => {
    const note = (object: { kind: string; id: string }): Promise<void> =>
      db.transaction((stores) => {
        const [at, name] = [new Date(), 'big-1'];
        stores.events.append({
          at,
          actor: 'test',
          code: 'Noted',
          severity: 'info',
          message: name,
          object: { ...object, name },
          siteId: null,
          data: {},
        });
        return Promise.resolve();
      });
    await note({ kind: 'rollout', id });
    await note({ kind: 'release', id: 'not a uuid' });
    const seenBy = async (scope: string[] | null): Promise<string[]> =>
      (await db.stores.events.after(0, { limit: 10 }, scope)).filter((event) => event.code === 'Noted').map((event) => event.object.kind);
    expect(await seenBy(null)).toEqual(['rollout', 'release']);
    expect(await seenBy([north])).toEqual(['rollout']);
    expect(await seenBy([elsewhere])).toEqual([]);
  });
});

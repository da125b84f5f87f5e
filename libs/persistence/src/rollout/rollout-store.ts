import { asId, groupBy } from '@takt/kernel';
import type { NodeId, ReleaseId, RolloutId } from '@takt/kernel';
import { hasEnded } from '@takt/rollout';
import type { MemberBucket, Rollout, RolloutGate, RolloutMember, RolloutWave } from '@takt/rollout';
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { insertRow, isUuid, updateRows } from '../schema.js';
import type { SiteScope } from '../schema.js';
import {
  date,
  memberRow,
  rolloutGates,
  rolloutMembers,
  rolloutWaves,
  rollouts,
  toGate,
  toMember,
  toWave,
  waveRow,
} from './rollout-rows.js';
import type { RolloutRow, StoredGate } from './rollout-rows.js';

/** Rows per statement, so that no statement has too many parameters. */
const CHUNK = 500;

/** Members of a rollout that stand alike. */
export interface MemberStanding {
  readonly rolloutId: RolloutId;
  readonly wave: number;
  readonly bucket: MemberBucket;
  readonly count: number;
}

export class RolloutStore {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  async add(row: RolloutRow, rollout: Rollout, newId: () => string): Promise<void> {
    await insertRow(this.#manager, rollouts, row);
    for (const wave of rollout.waves) await insertRow(this.#manager, rolloutWaves, waveRow(row.id, wave));
    for (let at = 0; at < rollout.members.length; at += CHUNK) {
      const rows = rollout.members.slice(at, at + CHUNK).map((member) => memberRow(row.id, member, row.createdAt));
      await this.#manager.getRepository(rolloutMembers).insert(rows);
    }
    for (const gate of rollout.gates) await this.#saveGate(row.id, gate, newId);
  }

  /** Rollouts of one model are started one at a time, so that no two find nothing in the way. */
  async lockModel(model: string): Promise<void> {
    await this.#manager.query(`SELECT pg_advisory_xact_lock(hashtextextended('rollouts of ' || $1, 0))`, [model]);
  }

  /** The next free `<release>-<n>`; callers hold the release's row, so no two get the same. */
  async nextName(release: string, releaseId: ReleaseId): Promise<string> {
    await this.#manager.query('SELECT id FROM releases WHERE id = $1 FOR NO KEY UPDATE', [releaseId]);
    const [row]: { count: string }[] = await this.#manager.query('SELECT count(*) AS count FROM rollouts WHERE release_id = $1', [
      releaseId,
    ]);
    return `${release}-${String(Number(row?.count ?? 0) + 1)}`;
  }

  /** By id or name. */
  async find(ref: string): Promise<RolloutRow | null> {
    return this.#manager.getRepository(rollouts).findOneBy(isUuid(ref) ? { id: asId<RolloutId>(ref) } : { name: ref });
  }

  async lock(id: RolloutId): Promise<RolloutRow | null> {
    return this.#manager.getRepository(rollouts).findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Newest first; with a site scope only those that have a member in it. */
  async list(
    filter: { readonly active?: boolean; readonly nodeId?: NodeId; readonly limit: number },
    scope: SiteScope,
  ): Promise<RolloutRow[]> {
    const rows: { id: string }[] = await this.#manager.query(
      `SELECT r.id FROM rollouts r
       WHERE ($1::bool IS NOT TRUE OR r.ended_at IS NULL)
         AND ($2::uuid IS NULL OR EXISTS (SELECT FROM rollout_members m WHERE m.rollout_id = r.id AND m.node_id = $2))
         AND ($3::uuid[] IS NULL OR EXISTS (SELECT FROM rollout_members m WHERE m.rollout_id = r.id AND m.site_id = ANY($3)))
       ORDER BY r.created_at DESC, r.id LIMIT $4`,
      [filter.active ?? null, filter.nodeId ?? null, scope, filter.limit],
    );
    if (rows.length === 0) return [];
    return this.#manager
      .getRepository(rollouts)
      .find({ where: { id: In(rows.map((row) => asId<RolloutId>(row.id))) }, order: { createdAt: 'DESC', id: 'ASC' } });
  }

  async waves(rolloutId: RolloutId): Promise<RolloutWave[]> {
    return (await this.#manager.getRepository(rolloutWaves).find({ where: { rolloutId }, order: { index: 'ASC' } })).map(toWave);
  }

  /** How many members of each rollout stand where, per wave; with a site scope only those of these sites. */
  async standings(rolloutIds: readonly RolloutId[], scope: SiteScope): Promise<MemberStanding[]> {
    if (rolloutIds.length === 0) return [];
    const rows: { rollout_id: string; wave: number; bucket: MemberBucket; count: number }[] = await this.#manager.query(
      `SELECT rollout_id, wave, bucket, count(*)::int AS count FROM rollout_members
       WHERE rollout_id = ANY($1::uuid[]) AND ($2::uuid[] IS NULL OR site_id = ANY($2)) GROUP BY rollout_id, wave, bucket`,
      [rolloutIds, scope],
    );
    return rows.map(({ rollout_id, ...rest }) => ({ rolloutId: asId<RolloutId>(rollout_id), ...rest }));
  }

  async wavesOf(rolloutIds: readonly RolloutId[]): Promise<Map<RolloutId, RolloutWave[]>> {
    const rows = await this.#manager
      .getRepository(rolloutWaves)
      .find({ where: { rolloutId: In([...rolloutIds]) }, order: { rolloutId: 'ASC', index: 'ASC' } });
    return new Map([...groupBy(rows, (row) => row.rolloutId)].map(([id, waves]) => [id, waves.map(toWave)]));
  }

  async members(rolloutId: RolloutId): Promise<RolloutMember[]> {
    return (await this.#manager.getRepository(rolloutMembers).find({ where: { rolloutId }, order: { wave: 'ASC', nodeId: 'ASC' } })).map(
      toMember,
    );
  }

  async gates(rolloutId: RolloutId): Promise<StoredGate[]> {
    return (await this.#manager.getRepository(rolloutGates).find({ where: { rolloutId }, order: { wave: 'ASC', profile: 'ASC' } })).map(
      toGate,
    );
  }

  async findGate(id: string): Promise<StoredGate | null> {
    const row = isUuid(id) ? await this.#manager.getRepository(rolloutGates).findOneBy({ id }) : null;
    return row === null ? null : toGate(row);
  }

  /** Everything that decides what the rollout does next. */
  async load(row: RolloutRow): Promise<Rollout> {
    const [waves, members, gates] = [await this.waves(row.id), await this.members(row.id), await this.gates(row.id)];
    return { phase: row.phase, policy: row.policy, currentWave: row.currentWave, waves, members, gates, hold: row.hold };
  }

  /**
   * Writes what changed from `before` to `after`. False, and nothing written, where the row is not of the generation that was
   * read, or another replica holds the lease: whoever decided on older rows is fenced off.
   */
  async save(
    row: Pick<RolloutRow, 'id' | 'generation' | 'endedAt'>,
    before: Rollout,
    after: Rollout,
    now: Date,
    newId: () => string,
    owner: string | null = null,
  ): Promise<boolean> {
    const [ended, open] = [after.phase !== before.phase, row.endedAt];
    const changed: unknown[] = await this.#manager.query(
      `WITH saved AS (
         UPDATE rollouts SET phase = $3, policy = $4, current_wave = $5, hold = $6, updated_at = $7, ended_at = $8, generation = generation + 1
         WHERE id = $1 AND generation = $2 AND ($9::text IS NULL OR (lease_owner = $9 AND lease_until > clock_timestamp())) RETURNING id
       ) SELECT id FROM saved`,
      [
        row.id,
        row.generation,
        after.phase,
        JSON.stringify(after.policy),
        after.currentWave,
        after.hold === null ? null : JSON.stringify(after.hold),
        now,
        ended ? (hasEnded(after.phase) ? now : null) : open,
        owner,
      ],
    );
    if (changed.length === 0) return false;
    const known = new Map(before.waves.map((wave) => [wave.index, wave]));
    for (const wave of after.waves) {
      const old = known.get(wave.index);
      if (old === wave) continue;
      const written = waveRow(row.id, wave);
      if (old === undefined) await insertRow(this.#manager, rolloutWaves, written);
      else await updateRows(this.#manager, rolloutWaves, { rolloutId: row.id, index: wave.index }, written);
    }
    const members = new Map(before.members.map((member) => [member.nodeId, member]));
    await this.#saveMembers(
      row.id,
      after.members.filter((member) => members.get(member.nodeId) !== member),
      now,
    );
    const gates = new Set<RolloutGate>(before.gates);
    for (const gate of after.gates) if (!gates.has(gate)) await this.#saveGate(row.id, gate, newId);
    return true;
  }

  /** One statement for many: a wave of thousands changes all of them at once. What a member is of never changes, and is left alone. */
  async #saveMembers(rolloutId: RolloutId, changed: readonly RolloutMember[], now: Date): Promise<void> {
    for (let at = 0; at < changed.length; at += CHUNK) {
      const rows = changed.slice(at, at + CHUNK).map((member) => memberRow(rolloutId, member, now));
      await this.#manager.query(
        `UPDATE rollout_members m SET wave = v.wave, bucket = v.bucket, reason = v.reason, message = v.message, moved_at = v.moved_at,
           revert_reason = v.revert_reason, revert_started_at = v.revert_started_at, changed_at = $2
         FROM unnest($3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::text[], $10::timestamptz[])
           AS v(node_id, wave, bucket, reason, message, moved_at, revert_reason, revert_started_at)
         WHERE m.rollout_id = $1 AND m.node_id = v.node_id`,
        [
          rolloutId,
          now,
          rows.map((row) => row.nodeId),
          rows.map((row) => row.wave),
          rows.map((row) => row.bucket),
          rows.map((row) => row.reason),
          rows.map((row) => row.message),
          rows.map((row) => row.movedAt),
          rows.map((row) => row.revertReason),
          rows.map((row) => row.revertStartedAt),
        ],
      );
    }
  }

  async #saveGate(rolloutId: RolloutId, gate: RolloutGate, newId: () => string): Promise<void> {
    await this.#manager.query(
      `INSERT INTO rollout_gates (id, rollout_id, wave, profile, report, started_at, decided_at, decided_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (rollout_id, wave, profile) DO UPDATE SET report = excluded.report, started_at = excluded.started_at,
         decided_at = excluded.decided_at, decided_by = excluded.decided_by`,
      [
        newId(),
        rolloutId,
        gate.wave,
        gate.profile,
        JSON.stringify(gate.report),
        new Date(gate.startedAt),
        date(gate.decidedAt),
        gate.decidedBy,
      ],
    );
  }

  /**
   * Takes or keeps the lease of rollouts that still have something to do, `limit` at most: those under way, and those that ended
   * while nodes of theirs were away, at work, or late to go back. No two owners hold the same at a time; the database's clock counts.
   */
  async lease(owner: string, seconds: number, limit: number): Promise<RolloutId[]> {
    const rows: { id: string }[] = await this.#manager.query(
      `WITH due AS (
         SELECT id FROM rollouts r
         WHERE (lease_owner = $1 OR lease_until IS NULL OR lease_until < clock_timestamp())
           AND phase <> 'superseded'
           AND (ended_at IS NULL OR EXISTS (SELECT FROM rollout_members m WHERE m.rollout_id = r.id AND (m.bucket IN ('pending', 'working', 'offline', 'deferred') OR m.reason = 'RevertOverdue')))
         ORDER BY lease_until NULLS FIRST LIMIT $3 FOR UPDATE SKIP LOCKED
       ), taken AS (
         UPDATE rollouts r SET lease_owner = $1, lease_until = clock_timestamp() + $2 * interval '1 second'
         FROM due WHERE r.id = due.id RETURNING r.id
       ) SELECT id FROM taken`,
      [owner, seconds, limit],
    );
    return rows.map((row) => asId<RolloutId>(row.id));
  }

  /** Gives the leases back, so that another replica goes on at once. */
  async release(owner: string): Promise<void> {
    await this.#manager.query('UPDATE rollouts SET lease_owner = NULL, lease_until = NULL WHERE lease_owner = $1', [owner]);
  }

  /** Unfinished rollouts that have one of the nodes as a member which has not ended. */
  async unfinishedWith(nodeIds: readonly NodeId[], model: string): Promise<RolloutRow[]> {
    const rows: { id: string }[] = await this.#manager.query(
      `SELECT DISTINCT r.id FROM rollouts r JOIN rollout_members m ON m.rollout_id = r.id
       WHERE r.model = $2 AND m.node_id = ANY($1::uuid[]) AND m.bucket <> 'excluded'
         AND r.phase IN ('running', 'paused', 'held', 'awaiting-approval', 'rolling-back')`,
      [nodeIds, model],
    );
    if (rows.length === 0) return [];
    return this.#manager
      .getRepository(rollouts)
      .find({ where: { id: In(rows.map((row) => asId<RolloutId>(row.id))) }, order: { createdAt: 'ASC' } });
  }

  /** Ended rollouts with members that would still catch up, of these nodes and this model. */
  async trailingWith(nodeIds: readonly NodeId[], model: string): Promise<RolloutRow[]> {
    const rows: { id: string }[] = await this.#manager.query(
      `SELECT DISTINCT r.id FROM rollouts r JOIN rollout_members m ON m.rollout_id = r.id
       WHERE r.model = $2 AND m.node_id = ANY($1::uuid[]) AND m.bucket IN ('pending', 'offline', 'deferred', 'working')
         AND r.phase IN ('succeeded', 'partial', 'aborted')`,
      [nodeIds, model],
    );
    if (rows.length === 0) return [];
    return this.#manager.getRepository(rollouts).find({ where: { id: In(rows.map((row) => asId<RolloutId>(row.id))) } });
  }
}

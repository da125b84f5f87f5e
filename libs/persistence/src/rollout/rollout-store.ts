import type { GateReport } from '@takt/gates';
import { asId } from '@takt/kernel';
import type { LineId, NodeId, ReleaseId, RolloutId, SiteId, SlotId } from '@takt/kernel';
import type { RolloutTarget } from '@takt/contracts';
import { hasEnded } from '@takt/rollout';
import type {
  MemberBucket,
  Rollout,
  RolloutGate,
  RolloutHold,
  RolloutMember,
  RolloutPhase,
  RolloutPolicy,
  RolloutWave,
} from '@takt/rollout';
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { insertRow, int, isUuid, json, key, maybe, table, text, time, updateRows, uuid } from '../schema.js';
import type { SiteScope } from '../schema.js';

/** The rollout's own row; its waves, members and gates are rows of their own. */
export interface RolloutRow {
  readonly id: RolloutId;
  readonly name: string;
  readonly releaseId: ReleaseId;
  readonly model: string;
  readonly phase: RolloutPhase;
  readonly policy: RolloutPolicy;
  readonly target: RolloutTarget;
  readonly currentWave: number;
  readonly hold: RolloutHold | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
  /** Grows with every write; a write names the one it was decided on. */
  readonly generation: number;
  readonly leaseOwner: string | null;
  readonly leaseUntil: Date | null;
}
interface WaveRow {
  readonly rolloutId: RolloutId;
  readonly index: number;
  readonly name: string;
  readonly step: RolloutWave['step'];
  readonly startedAt: Date | null;
  readonly soakingSince: Date | null;
  readonly endedAt: Date | null;
  readonly approvedBy: string | null;
}
interface MemberRow {
  readonly rolloutId: RolloutId;
  readonly nodeId: NodeId;
  readonly siteId: SiteId;
  readonly profile: string;
  readonly slotIds: readonly SlotId[];
  readonly lineIds: readonly LineId[];
  readonly wave: number;
  readonly bucket: MemberBucket;
  readonly reason: string | null;
  readonly message: string;
  readonly movedAt: Date | null;
  readonly revertReason: string | null;
  readonly revertStartedAt: Date | null;
  readonly changedAt: Date;
}
interface GateRow {
  readonly id: string;
  readonly rolloutId: RolloutId;
  readonly wave: number;
  readonly profile: string;
  readonly report: GateReport;
  readonly startedAt: Date;
  readonly decidedAt: Date | null;
  readonly decidedBy: string | null;
}
interface ObservedSlotRow {
  node_id: string;
  slot_id: string;
  online: boolean;
  required_fps: number;
  active_id: string | null;
  active_since: Date | null;
  previous_since: Date | null;
  target_id: string | null;
  target_rollout: string | null;
  target_open: boolean;
  newest_id: string | null;
  newest_rollout: string | null;
  newest_at: Date | null;
  readings: number | null;
  frames: number | null;
}
/** A slot of a rollout as the rows show it now. */
export interface ObservedSlot {
  readonly nodeId: NodeId;
  readonly slotId: SlotId;
  readonly online: boolean;
  readonly requiredFps: number;
  /** The last committed deployment, and since when it serves. */
  readonly activeId: string | null;
  readonly activeSince: Date | null;
  /** Since when it had what it had before this rollout moved it; null where it was not moved, or had nothing. */
  readonly previousSince: Date | null;
  readonly target: { readonly id: string; readonly rolloutId: string | null; readonly open: boolean } | null;
  readonly newest: { readonly id: string; readonly rolloutId: string | null; readonly createdAt: Date } | null;
  /** Samples of what it serves now, and results between them; 0 for a slot that was moved. */
  readonly past: { readonly readings: number; readonly frames: number };
}
export type StoredGate = RolloutGate & { readonly id: string; readonly rolloutId: RolloutId };

export const rollouts = table<RolloutRow>('rollouts', {
  id: key(uuid),
  name: text,
  releaseId: uuid,
  model: text,
  phase: text,
  policy: json,
  target: json,
  currentWave: int,
  hold: maybe(json),
  createdBy: text,
  createdAt: time,
  updatedAt: time,
  endedAt: maybe(time),
  generation: int,
  leaseOwner: maybe(text),
  leaseUntil: maybe(time),
});
export const rolloutWaves = table<WaveRow>('rollout_waves', {
  rolloutId: key(uuid),
  index: key(int),
  name: text,
  step: text,
  startedAt: maybe(time),
  soakingSince: maybe(time),
  endedAt: maybe(time),
  approvedBy: maybe(text),
});
export const rolloutMembers = table<MemberRow>('rollout_members', {
  rolloutId: key(uuid),
  nodeId: key(uuid),
  siteId: uuid,
  profile: text,
  slotIds: json,
  lineIds: json,
  wave: int,
  bucket: text,
  reason: maybe(text),
  message: text,
  movedAt: maybe(time),
  revertReason: maybe(text),
  revertStartedAt: maybe(time),
  changedAt: time,
});
export const rolloutGates = table<GateRow>('rollout_gates', {
  id: key(uuid),
  rolloutId: uuid,
  wave: int,
  profile: text,
  report: json,
  startedAt: time,
  decidedAt: maybe(time),
  decidedBy: maybe(text),
});

const ms = (at: Date | null): number | null => at?.getTime() ?? null;
const date = (at: number | null): Date | null => (at === null ? null : new Date(at));

const toWave = (row: WaveRow): RolloutWave => ({
  index: row.index,
  name: row.name,
  step: row.step,
  startedAt: ms(row.startedAt),
  soakingSince: ms(row.soakingSince),
  endedAt: ms(row.endedAt),
  approvedBy: row.approvedBy,
});
const toMember = (row: MemberRow): RolloutMember => ({
  nodeId: row.nodeId,
  siteId: row.siteId,
  profile: row.profile,
  slotIds: row.slotIds,
  lineIds: row.lineIds,
  wave: row.wave,
  bucket: row.bucket,
  reason: row.reason,
  message: row.message,
  movedAt: ms(row.movedAt),
  revert: row.revertReason === null ? null : { reason: row.revertReason, startedAt: ms(row.revertStartedAt) },
});
const toGate = (row: GateRow): StoredGate => ({
  id: row.id,
  rolloutId: row.rolloutId,
  wave: row.wave,
  profile: row.profile,
  report: row.report,
  startedAt: row.startedAt.getTime(),
  decidedAt: ms(row.decidedAt),
  decidedBy: row.decidedBy,
});
const waveRow = (rolloutId: RolloutId, wave: RolloutWave): WaveRow => ({
  rolloutId,
  index: wave.index,
  name: wave.name,
  step: wave.step,
  startedAt: date(wave.startedAt),
  soakingSince: date(wave.soakingSince),
  endedAt: date(wave.endedAt),
  approvedBy: wave.approvedBy,
});
const memberRow = (rolloutId: RolloutId, member: RolloutMember, now: Date): MemberRow => ({
  rolloutId,
  nodeId: member.nodeId,
  siteId: member.siteId,
  profile: member.profile,
  slotIds: member.slotIds,
  lineIds: member.lineIds,
  wave: member.wave,
  bucket: member.bucket,
  reason: member.reason,
  message: member.message,
  movedAt: date(member.movedAt),
  revertReason: member.revert?.reason ?? null,
  revertStartedAt: date(member.revert?.startedAt ?? null),
  changedAt: now,
});

/** Rows per statement, so that no statement has too many parameters. */
const CHUNK = 500;

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
    for (const member of after.members) {
      if (members.get(member.nodeId) === member) continue;
      await updateRows(this.#manager, rolloutMembers, { rolloutId: row.id, nodeId: member.nodeId }, memberRow(row.id, member, now));
    }
    const gates = new Set<RolloutGate>(before.gates);
    for (const gate of after.gates) if (!gates.has(gate)) await this.#saveGate(row.id, gate, newId);
    return true;
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
   * while nodes of theirs were away or at work. No two owners hold the same at a time; the database's clock counts.
   */
  async lease(owner: string, seconds: number, limit: number): Promise<RolloutId[]> {
    const rows: { id: string }[] = await this.#manager.query(
      `WITH due AS (
         SELECT id FROM rollouts r
         WHERE (lease_owner = $1 OR lease_until IS NULL OR lease_until < clock_timestamp())
           AND phase <> 'superseded'
           AND (ended_at IS NULL OR EXISTS (SELECT FROM rollout_members m WHERE m.rollout_id = r.id AND m.bucket IN ('pending', 'working', 'offline', 'deferred')))
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

  /**
   * Every slot of the rollout's nodes that takes part, with what runs on it now. `past` says which samples count as figures of that:
   * those after it had settled, and after `since`.
   */
  async slotsOf(rolloutId: RolloutId, past: { readonly settleMs: number; readonly since: Date }): Promise<ObservedSlot[]> {
    const rows: ObservedSlotRow[] = await this.#manager.query(
      `SELECT m.node_id, s.id AS slot_id, coalesce(l.online, false) AS online, line.required_fps, s.active_id, active.ended_at AS active_since,
         previous.ended_at AS previous_since,
         target.id AS target_id, target.rollout_id AS target_rollout, target.id IS NOT NULL AND target.ended_at IS NULL AS target_open,
         newest.id AS newest_id, newest.rollout_id AS newest_rollout, newest.created_at AS newest_at, past.readings, past.frames
       FROM rollout_members m JOIN rollouts r ON r.id = m.rollout_id
         JOIN LATERAL jsonb_array_elements_text(m.slot_ids) AS slot_id(value) ON true
         JOIN slots s ON s.id = slot_id.value::uuid JOIN lines line ON line.id = s.line_id
         LEFT JOIN node_liveness l ON l.node_id = m.node_id
         LEFT JOIN deployments target ON target.id = s.target_id LEFT JOIN deployments active ON active.id = s.active_id
         LEFT JOIN LATERAL (SELECT id, rollout_id, created_at FROM deployments d WHERE d.slot_id = s.id ORDER BY created_at DESC, id DESC LIMIT 1) newest ON true
         LEFT JOIN LATERAL (
           SELECT p.ended_at FROM deployments mv JOIN deployments p ON p.id = mv.previous_id
           WHERE mv.slot_id = s.id AND mv.rollout_id = $1 AND mv.revert_of IS NULL ORDER BY mv.created_at DESC LIMIT 1) previous ON true
         LEFT JOIN LATERAL (
           SELECT count(DISTINCT (x.since, x.elapsed_ms))::int AS readings, (max(x.delivered) - min(x.delivered))::int AS frames FROM slot_samples x
           WHERE x.slot_id = s.id AND x.at >= greatest(active.ended_at + $2 * interval '1 millisecond', $3::timestamptz)
         ) past ON m.moved_at IS NULL AND l.online AND m.wave <= r.current_wave AND m.bucket IN ('pending', 'deferred')
       WHERE m.rollout_id = $1`,
      [rolloutId, past.settleMs, past.since],
    );
    return rows.map((row) => ({
      nodeId: asId<NodeId>(row.node_id),
      slotId: asId<SlotId>(row.slot_id),
      online: row.online,
      requiredFps: row.required_fps,
      activeId: row.active_id,
      activeSince: row.active_since,
      previousSince: row.previous_since,
      past: { readings: row.readings ?? 0, frames: row.frames ?? 0 },
      target: row.target_id === null ? null : { id: row.target_id, rolloutId: row.target_rollout, open: row.target_open },
      newest:
        row.newest_id === null || row.newest_at === null
          ? null
          : { id: row.newest_id, rolloutId: row.newest_rollout, createdAt: row.newest_at },
    }));
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

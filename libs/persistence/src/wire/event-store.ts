import type { EventView } from '@takt/contracts';
import type { EntityManager } from 'typeorm';
import type { SiteScope } from '../schema.js';

export interface NewEvent {
  readonly at: Date;
  readonly actor: string;
  readonly code: string;
  readonly severity: EventView['severity'];
  readonly message: string;
  readonly object: EventView['object'];
  readonly siteId: string | null;
  readonly data: EventView['data'];
}

interface EventRow {
  seq: string;
  at: Date;
  actor: string;
  code: string;
  severity: EventView['severity'];
  message: string;
  object_kind: string;
  object_id: string;
  object_name: string;
  site: string | null;
  data: EventView['data'];
}

/** A rollout may be of several sites: whoever is responsible for one of them sees what happens in it. */
const SELECT = `SELECT e.seq, e.at, e.actor, e.code, e.severity, e.message, e.object_kind, e.object_id, e.object_name, s.name AS site, e.data
  FROM events e LEFT JOIN sites s ON s.id = e.site_id 
  WHERE ($1::uuid[] IS NULL OR e.site_id = ANY($1) OR (e.site_id IS NULL AND e.object_kind = 'rollout' AND EXISTS (
    SELECT FROM rollout_members m WHERE m.rollout_id = CASE WHEN e.object_kind = 'rollout' THEN e.object_id::uuid END AND m.site_id = ANY($1))))
   AND ($2::text IS NULL OR e.object_id = $2)`;

const toView = (row: EventRow): EventView => ({
  seq: Number(row.seq),
  at: row.at.toISOString(),
  actor: row.actor,
  code: row.code,
  severity: row.severity,
  message: row.message,
  object: { kind: row.object_kind, id: row.object_id, name: row.object_name },
  site: row.site,
  data: row.data,
});

/** One lock for all writers of events: numbers appear in commit order, so a reader that follows them misses none. */
const APPEND_LOCK = 7_216_001;

/** The append-only record. Entries are collected and written as the last act of the transaction, under one lock. */
export class EventStore {
  readonly #manager: EntityManager;
  readonly #pending: NewEvent[] = [];

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  append(event: NewEvent): void {
    this.#pending.push(event);
  }

  /** Called by the transaction itself, just before it commits. @internal */
  async flush(): Promise<void> {
    if (this.#pending.length === 0) return;
    await this.#manager.query('SELECT pg_advisory_xact_lock($1)', [APPEND_LOCK]);
    for (const event of this.#pending.splice(0)) {
      await this.#manager.query(
        `INSERT INTO events (at, actor, code, severity, message, object_kind, object_id, object_name, site_id, data)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [
          event.at,
          event.actor,
          event.code,
          event.severity,
          event.message,
          event.object.kind,
          event.object.id,
          event.object.name,
          event.siteId,
          JSON.stringify(event.data),
        ],
      );
    }
    await this.#manager.query(`SELECT pg_notify('takt_events', '')`);
  }

  async newest(filter: { object?: string | undefined; limit: number }, scope: SiteScope): Promise<EventView[]> {
    const rows: EventRow[] = await this.#manager.query(`${SELECT} ORDER BY e.seq DESC LIMIT $3`, [
      scope,
      filter.object ?? null,
      filter.limit,
    ]);
    return rows.map(toView);
  }

  async after(seq: number, filter: { object?: string | undefined; limit: number }, scope: SiteScope): Promise<EventView[]> {
    const rows: EventRow[] = await this.#manager.query(`${SELECT} AND e.seq > $4 ORDER BY e.seq LIMIT $3`, [
      scope,
      filter.object ?? null,
      filter.limit,
      seq,
    ]);
    return rows.map(toView);
  }

  /** The conflict of a node's desired state with what the broker holds; undefined where there is none, or it has ended. */
  async openConflict(nodeId: string): Promise<EventView | undefined> {
    const [row]: EventRow[] = await this.#manager.query(
      `${SELECT} AND e.code IN ('DesiredStateConflict', 'DesiredStateConflictEnded') ORDER BY e.seq DESC LIMIT 1`,
      [null, nodeId],
    );
    return row?.code === 'DesiredStateConflict' ? toView(row) : undefined;
  }

  async lastSeq(): Promise<number> {
    const [row]: { seq: string | null }[] = await this.#manager.query('SELECT max(seq) AS seq FROM events');
    return Number(row?.seq ?? 0);
  }
}

import type { SlotCounters } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { NodeId, SlotId } from '@takt/kernel';
import type { EntityManager } from 'typeorm';

/** One reading of a slot's counters, as its node sent it. */
export interface SlotSample {
  readonly slotId: SlotId;
  /** When the control plane heard it. */
  readonly at: Date;
  /** What the slot served then. */
  readonly deploymentId: string | null;
  readonly counters: SlotCounters;
}

interface SampleRow {
  slot_id: string;
  at: Date;
  deployment_id: string | null;
  since: Date;
  elapsed_ms: number;
  delivered: string;
  dropped: string;
  errors: string;
  service_time: SlotCounters['serviceTime'];
}

const toSample = (row: SampleRow): SlotSample => ({
  slotId: asId<SlotId>(row.slot_id),
  at: row.at,
  deploymentId: row.deployment_id,
  counters: {
    since: row.since.toISOString(),
    elapsedMs: row.elapsed_ms,
    delivered: Number(row.delivered),
    dropped: Number(row.dropped),
    errors: Number(row.errors),
    serviceTime: row.service_time,
  },
});

/** Readings of counters over time: what gates are decided by and what the console draws. */
export class SampleStore {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  /** One statement for all; slots that are not there any more are left out. */
  async add(samples: readonly SlotSample[]): Promise<void> {
    if (samples.length === 0) return;
    await this.#manager.query(
      `INSERT INTO slot_samples (slot_id, at, deployment_id, since, elapsed_ms, delivered, dropped, errors, service_time)
       SELECT b.* FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::timestamptz[], $5::float8[], $6::bigint[], $7::bigint[], $8::bigint[], $9::jsonb[])
         AS b(slot_id, at, deployment_id, since, elapsed_ms, delivered, dropped, errors, service_time) JOIN slots s ON s.id = b.slot_id
       ON CONFLICT DO NOTHING`,
      [
        samples.map((sample) => sample.slotId),
        samples.map((sample) => sample.at),
        samples.map((sample) => sample.deploymentId),
        samples.map((sample) => sample.counters.since),
        samples.map((sample) => sample.counters.elapsedMs),
        samples.map((sample) => sample.counters.delivered),
        samples.map((sample) => sample.counters.dropped),
        samples.map((sample) => sample.counters.errors),
        samples.map((sample) => JSON.stringify(sample.counters.serviceTime)),
      ],
    );
  }

  /**
   * Readings as nodes sent them, in one statement: at most one per slot in each window of `windowMs`, whoever else writes. A
   * reading of a slot that is not the node's own, or not there any more, is left out and takes no window from one that is.
   */
  async record(readings: readonly (SlotSample & { readonly nodeId: NodeId })[], windowMs: number): Promise<number> {
    if (readings.length === 0) return 0;
    const rows: unknown[] = await this.#manager.query(
      `WITH batch AS (
         SELECT DISTINCT ON (b.slot_id, floor(extract(epoch FROM b.at) * 1000 / $11)) b.*
         FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::uuid[], $5::timestamptz[], $6::float8[], $7::bigint[], $8::bigint[], $9::bigint[], $10::jsonb[])
           AS b(node_id, slot_id, at, deployment_id, since, elapsed_ms, delivered, dropped, errors, service_time)
         JOIN slots s ON s.id = b.slot_id AND s.node_id = b.node_id
         ORDER BY b.slot_id, floor(extract(epoch FROM b.at) * 1000 / $11), b.at
       ), saved AS (
         INSERT INTO slot_samples (slot_id, at, deployment_id, since, elapsed_ms, delivered, dropped, errors, service_time)
         SELECT b.slot_id, b.at, b.deployment_id, b.since, b.elapsed_ms, b.delivered, b.dropped, b.errors, b.service_time
         FROM batch b
         WHERE NOT EXISTS (
           SELECT FROM slot_samples x WHERE x.slot_id = b.slot_id
             AND x.at >= to_timestamp(floor(extract(epoch FROM b.at) * 1000 / $11) * $11 / 1000)
             AND x.at < to_timestamp((floor(extract(epoch FROM b.at) * 1000 / $11) + 1) * $11 / 1000))
         ON CONFLICT DO NOTHING RETURNING 1
       ) SELECT 1 FROM saved`,
      [
        readings.map((reading) => reading.nodeId),
        readings.map((reading) => reading.slotId),
        readings.map((reading) => reading.at),
        readings.map((reading) => reading.deploymentId),
        readings.map((reading) => reading.counters.since),
        readings.map((reading) => reading.counters.elapsedMs),
        readings.map((reading) => reading.counters.delivered),
        readings.map((reading) => reading.counters.dropped),
        readings.map((reading) => reading.counters.errors),
        readings.map((reading) => JSON.stringify(reading.counters.serviceTime)),
        windowMs,
      ],
    );
    return rows.length;
  }

  /**
   * Of one slot from `from` to `to`, oldest first, thinned to one reading per `stepMs` and the first of each run of an engine.
   * Counters only grow, so that what lies between two of them is exact all the same.
   */
  async thinned(slotId: SlotId, from: Date, to: Date, stepMs: number): Promise<SlotSample[]> {
    const rows: SampleRow[] = await this.#manager.query(
      `SELECT * FROM (
         SELECT *, row_number() OVER (PARTITION BY since, deployment_id, floor(extract(epoch FROM at) * 1000 / $4) ORDER BY at DESC) AS last,
           row_number() OVER (PARTITION BY since, deployment_id ORDER BY at) AS first
         FROM slot_samples WHERE slot_id = $1 AND at >= $2 AND at <= $3
       ) s WHERE last = 1 OR first = 1 ORDER BY at`,
      [slotId, from, to, stepMs],
    );
    return rows.map(toSample);
  }

  /** Of these slots from `from` to `to`, oldest first. */
  async between(slotIds: readonly SlotId[], from: Date, to: Date): Promise<SlotSample[]> {
    const rows: SampleRow[] = await this.#manager.query(
      'SELECT * FROM slot_samples WHERE slot_id = ANY($1::uuid[]) AND at >= $2 AND at <= $3 ORDER BY slot_id, at',
      [slotIds, from, to],
    );
    return rows.map(toSample);
  }

  /** Deletes what is older, `limit` rows at most; returns how many. */
  async sweep(olderThan: Date, limit: number): Promise<number> {
    const rows: unknown[] = await this.#manager.query(
      `WITH old AS (SELECT ctid FROM slot_samples WHERE at < $1 LIMIT $2), gone AS (
         DELETE FROM slot_samples WHERE ctid IN (SELECT ctid FROM old) RETURNING 1
       ) SELECT 1 FROM gone`,
      [olderThan, limit],
    );
    return rows.length;
  }
}

import type { SlotCounters } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { SlotId } from '@takt/kernel';
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

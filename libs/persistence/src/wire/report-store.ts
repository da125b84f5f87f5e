import type { NodeId } from '@takt/kernel';
import type { EntityManager } from 'typeorm';

/** A report as it came; `body` is checked where it is applied. */
export interface StoredReport {
  readonly nodeId: NodeId;
  readonly seq: number;
  readonly at: string;
  readonly body: unknown;
}

/**
 * Reports of nodes, unique by (node, seq), and per node the number up to which they are applied without a gap. A report
 * that comes early is kept here and applied when the gap is filled.
 */
export class ReportStore {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  /** False where the database has it already. */
  async save(report: StoredReport): Promise<boolean> {
    const rows: unknown[] = await this.#manager.query(
      'INSERT INTO reports (node_id, seq, at, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING seq',
      [report.nodeId, report.seq, report.at, JSON.stringify(report.body)],
    );
    return rows.length > 0;
  }

  /** Locks the node's cursor until the transaction ends, so that its reports are applied by one at a time. */
  async lockCursor(nodeId: NodeId): Promise<number> {
    await this.#manager.query('INSERT INTO node_report_cursor (node_id, seq) VALUES ($1, 0) ON CONFLICT DO NOTHING', [nodeId]);
    const [row]: { seq: string }[] = await this.#manager.query('SELECT seq FROM node_report_cursor WHERE node_id = $1 FOR UPDATE', [
      nodeId,
    ]);
    return Number(row?.seq ?? 0);
  }

  async advanceCursor(nodeId: NodeId, seq: number): Promise<void> {
    await this.#manager.query('UPDATE node_report_cursor SET seq = $2 WHERE node_id = $1', [nodeId, seq]);
  }

  async find(nodeId: NodeId, seq: number): Promise<StoredReport | null> {
    const [row]: { at: Date; body: unknown }[] = await this.#manager.query('SELECT at, body FROM reports WHERE node_id = $1 AND seq = $2', [
      nodeId,
      seq,
    ]);
    return row === undefined ? null : { nodeId, seq, at: row.at.toISOString(), body: row.body };
  }

  /** Deletes up to `limit` applied reports that came before `receivedBefore`; returns how many. Those kept for a gap stay. */
  async deleteApplied(receivedBefore: Date, limit: number): Promise<number> {
    const [row]: { deleted: string }[] = await this.#manager.query(
      `WITH old AS (
         SELECT r.node_id, r.seq FROM reports r JOIN node_report_cursor c ON c.node_id = r.node_id AND r.seq <= c.seq
         WHERE r.received_at < $1 ORDER BY r.received_at LIMIT $2 FOR UPDATE OF r SKIP LOCKED
       ), gone AS (DELETE FROM reports r USING old WHERE r.node_id = old.node_id AND r.seq = old.seq RETURNING 1)
       SELECT count(*) AS deleted FROM gone`,
      [receivedBefore, limit],
    );
    return Number(row?.deleted ?? 0);
  }

  /** Numbers between two others, both excluded, that came early and are kept. */
  async parkedBetween(nodeId: NodeId, after: number, before: number): Promise<number[]> {
    const rows: { seq: string }[] = await this.#manager.query(
      'SELECT seq FROM reports WHERE node_id = $1 AND seq > $2 AND seq < $3 ORDER BY seq',
      [nodeId, after, before],
    );
    return rows.map((row) => Number(row.seq));
  }

  /** Applied without a gap up to here; 0 where nothing came yet. */
  async confirmed(nodeId: NodeId): Promise<number> {
    const [row]: { seq: string }[] = await this.#manager.query('SELECT seq FROM node_report_cursor WHERE node_id = $1', [nodeId]);
    return Number(row?.seq ?? 0);
  }

  async confirmedOf(nodeIds: readonly NodeId[]): Promise<ReadonlyMap<string, number>> {
    const rows: { node_id: string; seq: string }[] = await this.#manager.query(
      'SELECT node_id, seq FROM node_report_cursor WHERE node_id = ANY($1::uuid[])',
      [nodeIds],
    );
    return new Map(rows.map((row) => [row.node_id, Number(row.seq)]));
  }
}

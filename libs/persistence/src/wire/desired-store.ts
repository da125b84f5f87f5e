import type { DesiredState } from '@takt/contracts';
import type { Digest, NodeId } from '@takt/kernel';
import type { EntityManager } from 'typeorm';
import { int, json, key, table, text, time, uuid } from '../schema.js';

export interface DesiredRow {
  readonly nodeId: NodeId;
  readonly generation: number;
  readonly digest: Digest;
  readonly body: DesiredState['body'];
  readonly issuedAt: Date;
}

/** A row to publish, and how often that failed since it was marked. */
export interface DirtyRow extends DesiredRow {
  readonly attempts: number;
}

export const desiredStates = table<DesiredRow>('desired_states', {
  nodeId: key(uuid),
  generation: int,
  digest: text,
  body: json,
  issuedAt: time,
});

/** What is wanted of each node, and the outbox that says which nodes' rows the relay has yet to publish. */
export class DesiredStore {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  async find(nodeId: NodeId): Promise<DesiredRow | null> {
    return this.#manager.getRepository(desiredStates).findOneBy({ nodeId });
  }

  /** Generation 0 and an impossible digest where the node has none yet; locked until the transaction ends. */
  async lock(nodeId: NodeId): Promise<{ generation: number; digest: string }> {
    await this.#manager.query(
      `INSERT INTO desired_states (node_id, generation, digest, body, issued_at) VALUES ($1, 0, '', '{"slots":[],"jobs":[]}', now()) ON CONFLICT DO NOTHING`,
      [nodeId],
    );
    const [row]: { generation: number; digest: string }[] = await this.#manager.query(
      'SELECT generation, digest FROM desired_states WHERE node_id = $1 FOR UPDATE',
      [nodeId],
    );
    return row ?? { generation: 0, digest: '' };
  }

  /** Writes the row and marks the node dirty, in the caller's transaction. */
  async save(row: DesiredRow): Promise<void> {
    await this.#manager.query('UPDATE desired_states SET generation = $2, digest = $3, body = $4, issued_at = $5 WHERE node_id = $1', [
      row.nodeId,
      row.generation,
      row.digest,
      JSON.stringify(row.body),
      row.issuedAt,
    ]);
    await this.markDirty([row.nodeId]);
  }

  async markDirty(nodeIds: readonly NodeId[]): Promise<void> {
    await this.#manager.query('INSERT INTO outbox (node_id) SELECT unnest($1::uuid[])', [nodeIds]);
    await this.#manager.query(`SELECT pg_notify('takt_outbox', '')`);
  }

  /** Gives a taken node back, to be taken again after a delay; whoever marks it dirty meanwhile does not wait for that. */
  async requeue(nodeId: NodeId, attempts: number, delayMs: number): Promise<void> {
    await this.#manager.query(
      `INSERT INTO outbox (node_id, attempts, due_at) VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')`,
      [nodeId, attempts, delayMs],
    );
  }

  /** Of these nodes, those that follow a generation which their row has not reached. */
  async behind(nodes: readonly { readonly nodeId: NodeId; readonly observedGeneration: number }[]): Promise<NodeId[]> {
    const rows: { node_id: NodeId }[] = await this.#manager.query(
      `SELECT d.node_id FROM desired_states d JOIN unnest($1::uuid[], $2::int[]) AS o(node_id, generation) USING (node_id)
       WHERE o.generation > d.generation`,
      [nodes.map((node) => node.nodeId), nodes.map((node) => node.observedGeneration)],
    );
    return rows.map((row) => row.node_id);
  }

  /** Nodes of which anything is wanted, without those that wait for the relay. */
  async countPublished(): Promise<number> {
    const [row]: { count: string }[] = await this.#manager.query(
      'SELECT count(*) AS count FROM desired_states d WHERE generation > 0 AND NOT EXISTS (SELECT FROM outbox o WHERE o.node_id = d.node_id)',
    );
    return Number(row?.count ?? 0);
  }

  async generations(nodeIds: readonly NodeId[]): Promise<ReadonlyMap<string, number>> {
    const rows: { node_id: string; generation: number }[] = await this.#manager.query(
      'SELECT node_id, generation FROM desired_states WHERE node_id = ANY($1::uuid[])',
      [nodeIds],
    );
    return new Map(rows.map((row) => [row.node_id, row.generation]));
  }

  /**
   * Takes up to `limit` due outbox rows that no other relay holds and returns the nodes' *current* rows. They are gone when
   * the caller's transaction commits, and back when it does not.
   */
  async takeDirty(limit: number): Promise<DirtyRow[]> {
    const taken: { node_id: NodeId; attempts: number }[] = await this.#manager.query(
      `WITH taken AS (
         DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE due_at <= now() ORDER BY id FOR UPDATE SKIP LOCKED LIMIT $1)
         RETURNING node_id, attempts
       ) SELECT node_id, max(attempts) AS attempts FROM taken GROUP BY node_id`,
      [limit],
    );
    if (taken.length === 0) return [];
    const attempts = new Map(taken.map((row) => [row.node_id, row.attempts]));
    const rows = await this.#manager
      .getRepository(desiredStates)
      .createQueryBuilder('d')
      .where('d.nodeId IN (:...ids) AND d.generation > 0', { ids: [...attempts.keys()] })
      .getMany();
    return rows.map((row) => ({ ...row, attempts: attempts.get(row.nodeId) ?? 0 }));
  }
}

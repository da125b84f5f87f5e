import type { Condition, Heartbeat } from '@takt/contracts';
import type { HardwareFacts, HardwareProfile } from '@takt/hardware';
import { asId } from '@takt/kernel';
import type { NodeId, SiteId } from '@takt/kernel';
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { bool, insertRow, isUuid, json, key, maybe, table, text, time, updateRows, uuid } from '../schema.js';
import type { SiteScope } from '../schema.js';

export interface FleetNode {
  readonly id: NodeId;
  readonly siteId: SiteId;
  readonly name: string;
  readonly publicKey: string;
  readonly hostname: string;
  readonly joinedAt: Date;
  readonly agentVersion: string | null;
  readonly fingerprint: string | null;
  readonly profile: HardwareProfile | null;
  readonly facts: HardwareFacts | null;
  readonly conditions: readonly Condition[];
}
/** Apart from the node's row: written in batches, every few seconds, for all nodes that spoke. */
export interface NodeLiveness {
  readonly nodeId: NodeId;
  readonly online: boolean;
  readonly lastSeenAt: Date;
  /** Null where the node was heard, but nothing that it said was taken yet. */
  readonly heartbeat: Heartbeat | null;
}
/** A sign of life at a time of the control plane's clock; null where its content was refused. */
export interface HeardNode {
  readonly nodeId: NodeId;
  readonly at: Date;
  readonly heartbeat: Heartbeat | null;
}

export const nodes = table<FleetNode>('nodes', {
  id: key(uuid),
  siteId: uuid,
  name: text,
  publicKey: text,
  hostname: text,
  joinedAt: time,
  agentVersion: maybe(text),
  fingerprint: maybe(text),
  profile: maybe(json),
  facts: maybe(json),
  conditions: json,
});
export const nodeLiveness = table<NodeLiveness>('node_liveness', { nodeId: key(uuid), online: bool, lastSeenAt: time, heartbeat: json });

export class NodeStore {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  async add(node: FleetNode): Promise<void> {
    await insertRow(this.#manager, nodes, node);
  }

  async update(id: NodeId, change: Partial<Omit<FleetNode, 'id'>>): Promise<void> {
    await updateRows(this.#manager, nodes, { id }, change);
  }

  async list(scope: SiteScope): Promise<FleetNode[]> {
    return this.#manager
      .getRepository(nodes)
      .find({ where: scope === null ? {} : { siteId: In(scope.map((id) => asId<SiteId>(id))) }, order: { name: 'ASC' } });
  }

  /** By id or name. */
  async find(ref: string): Promise<FleetNode | null> {
    return this.#manager.getRepository(nodes).findOneBy(isUuid(ref) ? { id: asId<NodeId>(ref) } : { name: ref });
  }

  async findByKey(publicKey: string): Promise<FleetNode | null> {
    return this.#manager.getRepository(nodes).findOneBy({ publicKey });
  }

  async allIds(): Promise<NodeId[]> {
    const rows: { id: string }[] = await this.#manager.query('SELECT id FROM nodes ORDER BY id');
    return rows.map((row) => asId<NodeId>(row.id));
  }

  /**
   * One statement for the whole batch, one entry per node; heartbeats of unknown nodes are left out. A node that was only heard keeps
   * what it said last, except the figures of its slots. Returns nodes that came online by it.
   */
  async saveHeartbeats(beats: readonly HeardNode[]): Promise<NodeId[]> {
    const rows: { node_id: string }[] = await this.#manager.query(
      `WITH batch AS (
         SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::jsonb[]) AS b(node_id, at, heartbeat)
       ), before AS (
         SELECT l.node_id, l.online FROM node_liveness l JOIN batch USING (node_id)
       ), saved AS (
         INSERT INTO node_liveness AS l (node_id, online, last_seen_at, heartbeat)
         SELECT b.node_id, true, b.at, b.heartbeat FROM batch b JOIN nodes n ON n.id = b.node_id ORDER BY b.node_id
         ON CONFLICT (node_id) DO UPDATE SET online = true, last_seen_at = GREATEST(l.last_seen_at, excluded.last_seen_at),
           heartbeat = CASE WHEN jsonb_typeof(excluded.heartbeat) = 'object' THEN excluded.heartbeat
             WHEN jsonb_typeof(l.heartbeat) = 'object' THEN l.heartbeat || '{"slots": []}' ELSE l.heartbeat END
         RETURNING node_id
       )
       SELECT s.node_id FROM saved s LEFT JOIN before b USING (node_id) WHERE b.online IS NOT TRUE`,
      [beats.map((beat) => beat.nodeId), beats.map((beat) => beat.at), beats.map((beat) => JSON.stringify(beat.heartbeat))],
    );
    return rows.map((row) => asId<NodeId>(row.node_id));
  }

  /** Marks nodes offline that were not seen since; returns those that changed. */
  async markOffline(notSeenSince: Date): Promise<NodeId[]> {
    const rows: { node_id: string }[] = await this.#manager.query(
      `WITH gone AS (UPDATE node_liveness SET online = false WHERE online AND last_seen_at < $1 RETURNING node_id) SELECT node_id FROM gone`,
      [notSeenSince],
    );
    return rows.map((row) => asId<NodeId>(row.node_id));
  }

  async liveness(ids: readonly NodeId[]): Promise<ReadonlyMap<NodeId, NodeLiveness>> {
    const rows = await this.#manager.getRepository(nodeLiveness).findBy({ nodeId: In([...ids]) });
    return new Map(rows.map((row) => [row.nodeId, row]));
  }

  async countsBySite(): Promise<{ siteId: SiteId; total: number; online: number }[]> {
    const rows: { site_id: string; total: string; online: string }[] = await this.#manager.query(
      `SELECT n.site_id, count(*) AS total, count(*) FILTER (WHERE l.online) AS online
       FROM nodes n LEFT JOIN node_liveness l ON l.node_id = n.id GROUP BY n.site_id`,
    );
    return rows.map((row) => ({ siteId: asId(row.site_id), total: Number(row.total), online: Number(row.online) }));
  }

  async counts(scope: SiteScope): Promise<{ total: number; online: number }> {
    const [row]: { total: string; online: string }[] = await this.#manager.query(
      `SELECT count(*) AS total, count(*) FILTER (WHERE l.online) AS online FROM nodes n LEFT JOIN node_liveness l ON l.node_id = n.id
       WHERE $1::uuid[] IS NULL OR n.site_id = ANY($1)`,
      [scope],
    );
    return { total: Number(row?.total ?? 0), online: Number(row?.online ?? 0) };
  }
}

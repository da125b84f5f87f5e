import type { SlotMetrics } from '@takt/contracts';
import type { EnginePlan } from '@takt/engines';
import { asId } from '@takt/kernel';
import type { DeploymentId, LineId, NodeId, SiteId, SlotId } from '@takt/kernel';
import type { EntityManager } from 'typeorm';
import { insertRow, json, key, maybe, table, text, time, updateRows, uuid } from '../schema.js';
import type { SiteScope } from '../schema.js';

export interface Serving {
  readonly deploymentId: string | null;
  readonly plan: EnginePlan | null;
  readonly at: string;
}
export interface Slot {
  readonly id: SlotId;
  readonly siteId: SiteId;
  readonly lineId: LineId;
  readonly nodeId: NodeId;
  readonly model: string;
  readonly targetId: DeploymentId | null;
  readonly activeId: DeploymentId | null;
  readonly serving: Serving | null;
  readonly createdAt: Date;
}

/** A slot with the names and figures around it, as lists show it. */
export interface SlotOverview {
  readonly slot: Slot;
  readonly site: string;
  readonly lineSlug: string;
  readonly requiredFps: number;
  readonly nodeName: string;
  readonly target: DeploymentSummary | null;
  readonly active: DeploymentSummary | null;
  readonly metrics: SlotMetrics | null;
}
export interface DeploymentSummary {
  readonly deploymentId: string;
  readonly release: string;
  readonly state: string;
}

/** Live figures of a slot, without its counters. */
export interface SlotFigures {
  readonly slotId: SlotId;
  readonly siteId: SiteId;
  readonly online: boolean;
  readonly metrics: SlotMetrics | null;
}

export const slots = table<Slot>('slots', {
  id: key(uuid),
  siteId: uuid,
  lineId: uuid,
  nodeId: uuid,
  model: text,
  targetId: maybe(uuid),
  activeId: maybe(uuid),
  serving: maybe(json),
  createdAt: time,
});

const OVERVIEW = `
  SELECT s.id, s.site_id, s.line_id, s.node_id, s.model, s.target_id, s.active_id, s.serving, s.created_at,
    site.name AS site, line.slug AS line_slug, line.required_fps, node.name AS node_name,
    CASE WHEN t.id IS NULL THEN NULL ELSE jsonb_build_object('deploymentId', t.id, 'release', tr.name, 'state', t.state) END AS target,
    CASE WHEN a.id IS NULL THEN NULL ELSE jsonb_build_object('deploymentId', a.id, 'release', ar.name, 'state', a.state) END AS active,
    (SELECT m || '{"counters": null}' FROM jsonb_array_elements(live.heartbeat -> 'slots') m WHERE m ->> 'slotId' = s.id::text LIMIT 1) AS metrics
  FROM slots s
  JOIN sites site ON site.id = s.site_id
  JOIN lines line ON line.id = s.line_id
  JOIN nodes node ON node.id = s.node_id
  LEFT JOIN node_liveness live ON live.node_id = s.node_id AND live.online
  LEFT JOIN deployments t ON t.id = s.target_id LEFT JOIN releases tr ON tr.id = t.release_id
  LEFT JOIN deployments a ON a.id = s.active_id LEFT JOIN releases ar ON ar.id = a.release_id`;

interface OverviewRow {
  id: string;
  site_id: string;
  line_id: string;
  node_id: string;
  model: string;
  target_id: string | null;
  active_id: string | null;
  serving: Serving | null;
  created_at: Date;
  site: string;
  line_slug: string;
  required_fps: number;
  node_name: string;
  target: DeploymentSummary | null;
  active: DeploymentSummary | null;
  metrics: SlotMetrics | null;
}

const toOverview = (row: OverviewRow): SlotOverview => ({
  slot: {
    id: asId(row.id),
    siteId: asId(row.site_id),
    lineId: asId(row.line_id),
    nodeId: asId(row.node_id),
    model: row.model,
    targetId: row.target_id === null ? null : asId(row.target_id),
    activeId: row.active_id === null ? null : asId(row.active_id),
    serving: row.serving,
    createdAt: row.created_at,
  },
  site: row.site,
  lineSlug: row.line_slug,
  requiredFps: row.required_fps,
  nodeName: row.node_name,
  target: row.target,
  active: row.active,
  metrics: row.metrics,
});

export class SlotStore {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  async add(slot: Slot): Promise<void> {
    await insertRow(this.#manager, slots, slot);
  }

  async update(id: SlotId, change: Partial<Pick<Slot, 'targetId' | 'activeId' | 'serving'>>): Promise<void> {
    await updateRows(this.#manager, slots, { id }, change);
  }

  /** Locked until the transaction ends: decisions about a slot are made one at a time. */
  async lock(id: SlotId): Promise<Slot | null> {
    return this.#manager.getRepository(slots).findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  async ofNode(nodeId: NodeId): Promise<Slot[]> {
    return this.#manager.getRepository(slots).find({ where: { nodeId }, order: { createdAt: 'ASC', id: 'ASC' } });
  }

  async ofLine(lineId: LineId): Promise<Slot[]> {
    return this.#manager.getRepository(slots).find({ where: { lineId }, order: { createdAt: 'ASC', id: 'ASC' } });
  }

  async overview(scope: SiteScope): Promise<SlotOverview[]> {
    const rows: OverviewRow[] = await this.#manager.query(
      `${OVERVIEW} WHERE $1::uuid[] IS NULL OR s.site_id = ANY($1) ORDER BY site.name, line.slug, node.name`,
      [scope],
    );
    return rows.map(toOverview);
  }

  /** Of every slot. */
  async figures(): Promise<SlotFigures[]> {
    const rows: { id: string; site_id: string; online: boolean; metrics: SlotMetrics | null }[] = await this.#manager.query(
      `SELECT s.id, s.site_id, l.node_id IS NOT NULL AS online,
         (SELECT m || '{"counters": null}' FROM jsonb_array_elements(l.heartbeat -> 'slots') m WHERE m ->> 'slotId' = s.id::text LIMIT 1) AS metrics
       FROM slots s LEFT JOIN node_liveness l ON l.node_id = s.node_id AND l.online ORDER BY s.id`,
    );
    return rows.map((row) => ({ slotId: asId(row.id), siteId: asId(row.site_id), online: row.online, metrics: row.metrics }));
  }

  async findOverview(id: SlotId): Promise<SlotOverview | null> {
    const [row]: OverviewRow[] = await this.#manager.query(`${OVERVIEW} WHERE s.id = $1`, [id]);
    return row === undefined ? null : toOverview(row);
  }

  /** By `line@node`. */
  async findByNames(line: string, node: string): Promise<SlotOverview | null> {
    const [row]: OverviewRow[] = await this.#manager.query(`${OVERVIEW} WHERE line.slug = $1 AND node.name = $2`, [line, node]);
    return row === undefined ? null : toOverview(row);
  }
}

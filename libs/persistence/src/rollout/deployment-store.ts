import type { EnginePlan } from '@takt/engines';
import type { HealthPolicy, HealthReport } from '@takt/gates';
import { asId } from '@takt/kernel';
import type { DeploymentId, JobId, NodeId, ReleaseId, RolloutId, SlotId, TaktErrorData } from '@takt/kernel';
import type { DeploymentState } from '@takt/rollout';
import type { EntityManager } from 'typeorm';
import { bigint, insertRow, int, json, key, maybe, table, text, time, updateRows, uuid } from '../schema.js';
import type { SiteScope } from '../schema.js';

export interface Deployment {
  readonly id: DeploymentId;
  readonly slotId: SlotId;
  readonly nodeId: NodeId;
  readonly releaseId: ReleaseId;
  readonly state: DeploymentState;
  readonly reason: string | null;
  readonly message: string;
  readonly previousId: DeploymentId | null;
  readonly buildJobId: JobId;
  /** The rollout it is part of. */
  readonly rolloutId: RolloutId | null;
  /** The deployment it takes back. */
  readonly revertOf: DeploymentId | null;
  /** Instead of the release's own word: what a breach of speed leads to on the node. */
  readonly onPerformanceBreach: HealthPolicy['onPerformanceBreach'] | null;
  readonly plan: EnginePlan | null;
  readonly health: HealthReport | null;
  readonly error: TaktErrorData | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
}
export interface DeploymentTransition {
  readonly id: number;
  readonly deploymentId: DeploymentId;
  readonly state: DeploymentState;
  readonly at: Date;
  readonly by: string;
  readonly generation: number;
  readonly reason: string | null;
  readonly message: string;
}
export interface DeploymentOverview {
  readonly deployment: Deployment;
  readonly siteId: string;
  readonly site: string;
  readonly nodeName: string;
  readonly lineId: string;
  readonly lineSlug: string;
  readonly releaseName: string;
  readonly rollout: { readonly id: string; readonly name: string } | null;
}
export interface DeploymentFilter {
  readonly id?: string;
  readonly slotId?: string;
  readonly nodeId?: string;
  readonly lineId?: string;
  readonly state?: DeploymentState;
  /** Those that have not ended, and the newest of each slot. */
  readonly current?: boolean;
  readonly limit: number;
}

export const deployments = table<Deployment>('deployments', {
  id: key(uuid),
  slotId: uuid,
  nodeId: uuid,
  releaseId: uuid,
  state: text,
  reason: maybe(text),
  message: text,
  previousId: maybe(uuid),
  buildJobId: uuid,
  rolloutId: maybe(uuid),
  revertOf: maybe(uuid),
  onPerformanceBreach: maybe(text),
  plan: maybe(json),
  health: maybe(json),
  error: maybe(json),
  createdBy: text,
  createdAt: time,
  updatedAt: time,
  endedAt: maybe(time),
});
export const deploymentTransitions = table<DeploymentTransition>('deployment_transitions', {
  id: key({ ...bigint, generated: 'increment' }),
  deploymentId: uuid,
  state: text,
  at: time,
  by: text,
  generation: int,
  reason: maybe(text),
  message: text,
});

interface NamesRow {
  id: string;
  site_id: string;
  site: string;
  node_name: string;
  line_id: string;
  line_slug: string;
  release_name: string;
  rollout_id: string | null;
  rollout_name: string | null;
}

export class DeploymentStore {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  async add(deployment: Deployment): Promise<void> {
    await insertRow(this.#manager, deployments, deployment);
  }

  async update(id: DeploymentId, change: Partial<Deployment>): Promise<void> {
    await updateRows(this.#manager, deployments, { id }, change);
  }

  async find(id: DeploymentId): Promise<Deployment | null> {
    return this.#manager.getRepository(deployments).findOneBy({ id });
  }

  async lock(id: DeploymentId): Promise<Deployment | null> {
    return this.#manager.getRepository(deployments).findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  async addTransition(transition: Omit<DeploymentTransition, 'id'>): Promise<void> {
    await insertRow(this.#manager, deploymentTransitions, transition as DeploymentTransition);
  }

  async transitions(deploymentId: DeploymentId): Promise<DeploymentTransition[]> {
    return this.#manager.getRepository(deploymentTransitions).find({ where: { deploymentId }, order: { id: 'ASC' } });
  }

  /** Unended deployments of releases that need the statistics of this model and calibration set. */
  async waitingForStatistics(modelDigest: string, calibrationDigest: string): Promise<Deployment[]> {
    const rows: { id: string }[] = await this.#manager.query(
      `SELECT d.id FROM deployments d JOIN releases r ON r.id = d.release_id AND r.needs_statistics
         JOIN models m ON m.id = r.model_id JOIN datasets c ON c.id = r.calibration_id
       WHERE d.ended_at IS NULL AND m.digest = $1 AND c.digest = $2 ORDER BY d.id`,
      [modelDigest, calibrationDigest],
    );
    return this.#load(rows.map((row) => row.id));
  }

  async byIds(ids: readonly DeploymentId[]): Promise<Deployment[]> {
    return this.#load(ids);
  }

  /** Every deployment of a rollout, oldest first. */
  async ofRollout(rolloutId: RolloutId): Promise<Deployment[]> {
    return this.#manager.getRepository(deployments).find({ where: { rolloutId }, order: { createdAt: 'ASC', id: 'ASC' } });
  }

  /** Of these slots, the last deployment of the release that ended. */
  async lastEndedOf(releaseId: ReleaseId, slotIds: readonly SlotId[]): Promise<ReadonlyMap<SlotId, Deployment>> {
    const rows: { id: string }[] = await this.#manager.query(
      `SELECT DISTINCT ON (slot_id) id FROM deployments
       WHERE release_id = $1 AND slot_id = ANY($2::uuid[]) AND ended_at IS NOT NULL AND revert_of IS NULL
       ORDER BY slot_id, created_at DESC, id DESC`,
      [releaseId, slotIds],
    );
    return new Map((await this.#load(rows.map((row) => row.id))).map((row) => [row.slotId, row]));
  }

  async overview(filter: DeploymentFilter, scope: SiteScope): Promise<DeploymentOverview[]> {
    const names: NamesRow[] = await this.#manager.query(
      `SELECT d.id, s.site_id, site.name AS site, node.name AS node_name, s.line_id, line.slug AS line_slug, r.name AS release_name,
         ro.id AS rollout_id, ro.name AS rollout_name
       FROM deployments d JOIN slots s ON s.id = d.slot_id JOIN sites site ON site.id = s.site_id JOIN lines line ON line.id = s.line_id
         JOIN nodes node ON node.id = d.node_id JOIN releases r ON r.id = d.release_id LEFT JOIN rollouts ro ON ro.id = d.rollout_id
       WHERE ($1::uuid[] IS NULL OR s.site_id = ANY($1)) AND ($2::uuid IS NULL OR d.id = $2) AND ($3::uuid IS NULL OR d.slot_id = $3)
         AND ($4::uuid IS NULL OR d.node_id = $4) AND ($5::uuid IS NULL OR s.line_id = $5) AND ($6::text IS NULL OR d.state = $6)
         AND (NOT $7 OR d.ended_at IS NULL
              OR d.id = (SELECT l.id FROM deployments l WHERE l.slot_id = d.slot_id ORDER BY l.created_at DESC, l.id DESC LIMIT 1))
       ORDER BY d.created_at DESC, d.id DESC LIMIT $8`,
      [
        scope,
        filter.id ?? null,
        filter.slotId ?? null,
        filter.nodeId ?? null,
        filter.lineId ?? null,
        filter.state ?? null,
        filter.current ?? false,
        filter.limit,
      ],
    );
    const loaded = new Map((await this.#load(names.map((row) => row.id))).map((row) => [row.id as string, row]));
    return names.flatMap((row) => {
      const deployment = loaded.get(row.id);
      if (deployment === undefined) return [];
      return {
        deployment,
        siteId: row.site_id,
        site: row.site,
        nodeName: row.node_name,
        lineId: row.line_id,
        lineSlug: row.line_slug,
        releaseName: row.release_name,
        rollout: row.rollout_id === null ? null : { id: row.rollout_id, name: row.rollout_name ?? '' },
      };
    });
  }

  async #load(ids: readonly string[]): Promise<Deployment[]> {
    if (ids.length === 0) return [];
    return this.#manager
      .getRepository(deployments)
      .createQueryBuilder('d')
      .where('d.id IN (:...ids)', { ids: ids.map((id) => asId<DeploymentId>(id)) })
      .orderBy('d.id')
      .getMany();
  }
}

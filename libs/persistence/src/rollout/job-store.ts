import type { JobState, ReportBody } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { DeploymentId, Digest, JobId, NodeId, SiteId, TaktErrorData } from '@takt/kernel';
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { float, insertRow, int, json, key, maybe, table, text, time, updateRows, uuid } from '../schema.js';
import type { SiteScope } from '../schema.js';

export type JobResult = NonNullable<Extract<ReportBody, { kind: 'job' }>['result']>;
export interface Job {
  readonly id: JobId;
  readonly kind: 'calibrate' | 'build';
  readonly state: JobState;
  readonly phase: string;
  /** Fraction 0–1. */
  readonly progress: number;
  readonly etaSeconds: number | null;
  /** Null while no node has it. */
  readonly nodeId: NodeId | null;
  /** A build belongs to one deployment; a calibration serves many. */
  readonly deploymentId: DeploymentId | null;
  readonly modelDigest: Digest;
  readonly modelName: string;
  readonly calibrationDigest: Digest | null;
  readonly attempts: number;
  /** The assignment is taken back when it passes without a sign of the node. */
  readonly leaseUntil: Date | null;
  readonly result: JobResult | null;
  readonly error: TaktErrorData | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
export interface JobFilter {
  readonly nodeId?: NodeId;
  readonly state?: JobState;
  readonly limit: number;
}

export const jobs = table<Job>('jobs', {
  id: key(uuid),
  kind: text,
  state: text,
  phase: text,
  progress: float,
  etaSeconds: maybe(float),
  nodeId: maybe(uuid),
  deploymentId: maybe(uuid),
  modelDigest: text,
  modelName: text,
  calibrationDigest: maybe(text),
  attempts: int,
  leaseUntil: maybe(time),
  result: maybe(json),
  error: maybe(json),
  createdAt: time,
  updatedAt: time,
});

/** A node that could take a calibrate job. */
export interface JobCandidate {
  readonly nodeId: NodeId;
  readonly siteId: SiteId;
  /** Whether one of its slots waits for the result. */
  readonly waits: boolean;
  readonly openJobs: number;
}

/** What a build measured on its node. */
export interface FinishedBuild {
  readonly nodeId: NodeId;
  readonly profile: string;
  readonly at: Date;
  readonly candidates: Extract<JobResult, { kind: 'build' }>['candidates'];
}

export class JobStore {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  /** False where an open or succeeded calibration of the same model and set exists: there is one, for ever. */
  async addCalibration(job: Job): Promise<boolean> {
    const rows: unknown[] = await this.#manager.query(
      `INSERT INTO jobs (id, kind, state, phase, progress, model_digest, model_name, calibration_digest, attempts, created_at, updated_at)
       VALUES ($1, 'calibrate', 'queued', $2, 0, $3, $4, $5, $7, $6, $6) ON CONFLICT DO NOTHING RETURNING id`,
      [job.id, job.phase, job.modelDigest, job.modelName, job.calibrationDigest, job.createdAt, job.attempts],
    );
    return rows.length > 0;
  }

  async add(job: Job): Promise<void> {
    await insertRow(this.#manager, jobs, job);
  }

  async update(id: JobId, change: Partial<Job>): Promise<void> {
    await updateRows(this.#manager, jobs, { id }, change);
  }

  async find(id: JobId): Promise<Job | null> {
    return this.#manager.getRepository(jobs).findOneBy({ id });
  }

  async lock(id: JobId): Promise<Job | null> {
    return this.#manager.getRepository(jobs).findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** The newest calibration of a model with a set. */
  async calibrationOf(modelDigest: Digest, calibrationDigest: Digest): Promise<Job | null> {
    return this.#manager.getRepository(jobs).findOne({
      where: { kind: 'calibrate', modelDigest, calibrationDigest },
      order: { createdAt: 'DESC' },
    });
  }

  /** The newest calibration of a model with a set, locked until the transaction ends, so that it cannot end meanwhile. */
  async lockCalibrationOf(modelDigest: Digest, calibrationDigest: Digest): Promise<Job | null> {
    return this.#manager.getRepository(jobs).findOne({
      where: { kind: 'calibrate', modelDigest, calibrationDigest },
      order: { createdAt: 'DESC' },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /**
   * Calibrations that have ended while a deployment still waits for them: they succeeded and the node's desired state does
   * not name the file, or they failed and nothing follows them.
   */
  async calibrationsToSettle(): Promise<JobId[]> {
    const rows: { id: string }[] = await this.#manager.query(
      `SELECT DISTINCT j.id FROM deployments d JOIN releases r ON r.id = d.release_id AND r.needs_statistics
         JOIN models m ON m.id = r.model_id JOIN datasets c ON c.id = r.calibration_id
         JOIN LATERAL (SELECT id, state FROM jobs WHERE kind = 'calibrate' AND model_digest = m.digest AND calibration_digest = c.digest
                       ORDER BY created_at DESC LIMIT 1) j ON true
       WHERE d.ended_at IS NULL AND (j.state IN ('failed', 'cancelled') OR (j.state = 'succeeded' AND EXISTS (
         SELECT 1 FROM desired_states s, jsonb_array_elements(s.body -> 'slots') slot
         WHERE s.node_id = d.node_id AND slot #>> '{deployment,deploymentId}' = d.id::text
           AND slot #>> '{deployment,release,statistics}' IS NULL)))
       ORDER BY j.id LIMIT 100`,
    );
    return rows.map((row) => asId<JobId>(row.id));
  }

  /** Calibrations that desired state of the node names. */
  async openCalibrationsOf(nodeId: NodeId): Promise<Job[]> {
    return this.#manager.getRepository(jobs).find({
      where: { kind: 'calibrate', nodeId, state: In(['queued', 'running']) },
      order: { createdAt: 'ASC', id: 'ASC' },
    });
  }

  /** Calibrations without a node, or whose lease has run out; ids only, since each is locked again by itself. */
  async calibrationsToAssign(now: Date): Promise<JobId[]> {
    const rows: { id: string }[] = await this.#manager.query(
      `SELECT id FROM jobs WHERE kind = 'calibrate' AND state IN ('queued', 'running') AND (node_id IS NULL OR lease_until < $1)
       ORDER BY created_at LIMIT 100`,
      [now],
    );
    return rows.map((row) => asId<JobId>(row.id));
  }

  /** A lease lives as long as its node is seen. */
  async extendLeases(nodeIds: readonly NodeId[], until: Date): Promise<void> {
    await this.#manager.query(
      `UPDATE jobs SET lease_until = $2 WHERE kind = 'calibrate' AND state IN ('queued', 'running') AND node_id = ANY($1::uuid[])`,
      [nodeIds, until],
    );
  }

  /** Online, profiled nodes with ONNX Runtime, those that wait for the result first, then the least busy. */
  async candidates(modelDigest: Digest, calibrationDigest: Digest): Promise<JobCandidate[]> {
    const rows: { id: string; site_id: string; waits: boolean; open_jobs: string }[] = await this.#manager.query(
      `SELECT n.id, n.site_id,
         EXISTS (SELECT 1 FROM deployments d JOIN releases r ON r.id = d.release_id JOIN models m ON m.id = r.model_id
                 JOIN datasets c ON c.id = r.calibration_id
                 WHERE d.node_id = n.id AND d.ended_at IS NULL AND m.digest = $1 AND c.digest = $2) AS waits,
         (SELECT count(*) FROM jobs j WHERE j.node_id = n.id AND j.state IN ('queued', 'running')) AS open_jobs
       FROM nodes n JOIN node_liveness l ON l.node_id = n.id AND l.online
       WHERE n.facts -> 'engines' ? 'onnxruntime' ORDER BY waits DESC, open_jobs, n.name`,
      [modelDigest, calibrationDigest],
    );
    return rows.map((row) => ({ nodeId: asId(row.id), siteId: asId(row.site_id), waits: row.waits, openJobs: Number(row.open_jobs) }));
  }

  async list(filter: JobFilter, scope: SiteScope): Promise<Job[]> {
    const rows: { id: string }[] = await this.#manager.query(
      `SELECT j.id FROM jobs j LEFT JOIN nodes n ON n.id = j.node_id
       WHERE ($1::uuid[] IS NULL OR n.site_id = ANY($1)) AND ($2::uuid IS NULL OR j.node_id = $2) AND ($3::text IS NULL OR j.state = $3)
       ORDER BY j.created_at DESC, j.id LIMIT $4`,
      [scope, filter.nodeId ?? null, filter.state ?? null, filter.limit],
    );
    if (rows.length === 0) return [];
    return this.#manager
      .getRepository(jobs)
      .find({ where: { id: In(rows.map((row) => asId<JobId>(row.id))) }, order: { createdAt: 'DESC', id: 'ASC' } });
  }

  /** Finished builds of a model with the hardware profile of their node, newest first. */
  async finishedBuilds(modelDigest: Digest, scope: SiteScope, limit: number): Promise<FinishedBuild[]> {
    const rows: { node_id: string; profile: string; updated_at: Date; result: JobResult }[] = await this.#manager.query(
      `SELECT j.node_id, n.profile ->> 'name' AS profile, j.updated_at, j.result FROM jobs j JOIN nodes n ON n.id = j.node_id
       WHERE j.kind = 'build' AND j.state = 'succeeded' AND j.model_digest = $1 AND n.profile IS NOT NULL
         AND ($2::uuid[] IS NULL OR n.site_id = ANY($2)) ORDER BY j.updated_at DESC, j.id LIMIT $3`,
      [modelDigest, scope, limit],
    );
    return rows.flatMap((row) =>
      row.result.kind === 'build'
        ? [{ nodeId: asId<NodeId>(row.node_id), profile: row.profile, at: row.updated_at, candidates: row.result.candidates }]
        : [],
    );
  }

  async counts(scope: SiteScope): Promise<{ queued: number; running: number }> {
    const [row]: { queued: string; running: string }[] = await this.#manager.query(
      `SELECT count(*) FILTER (WHERE j.state = 'queued') AS queued, count(*) FILTER (WHERE j.state = 'running') AS running
       FROM jobs j LEFT JOIN nodes n ON n.id = j.node_id WHERE $1::uuid[] IS NULL OR n.site_id = ANY($1)`,
      [scope],
    );
    return { queued: Number(row?.queued ?? 0), running: Number(row?.running ?? 0) };
  }
}

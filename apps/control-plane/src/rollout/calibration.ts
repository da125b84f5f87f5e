import { randomUUID } from 'node:crypto';
import { asId } from '@takt/kernel';
import type { Digest, JobId, NodeId, TaktErrorData } from '@takt/kernel';
import type { Job, Stores } from '@takt/persistence';
import { record } from '../record.js';
import type { RefreshDesired } from '../desired/refresh-desired.js';
import type { MoveDeployment } from './move-deployment.js';

/** Nodes a calibration is given to before it counts as failed. */
const MAX_ATTEMPTS = 5;

interface Subject {
  readonly modelDigest: Digest;
  readonly modelName: string;
  readonly calibrationDigest: Digest;
}

/** Statistics are made once per model and calibration set, by one online node at a time. */
export class Calibrations {
  constructor(
    private readonly refresh: RefreshDesired,
    private readonly move: MoveDeployment,
    private readonly leaseMs: number,
  ) {}

  /**
   * Makes sure that the statistics exist or a job for them does, and holds that job until the transaction ends: it can only
   * end before this transaction, which then sees its end, or after it, and then sees the deployments made here.
   */
  async ensure(stores: Stores, subject: Subject, now: Date): Promise<void> {
    for (;;) {
      const known = await stores.jobs.lockCalibrationOf(subject.modelDigest, subject.calibrationDigest);
      if (known !== null && known.state !== 'failed' && known.state !== 'cancelled') return;
      const id = await this.#add(stores, subject, 0, now);
      // Another transaction has made one meanwhile: that one is held instead.
      if (id === null) continue;
      await this.assign(stores, id, now);
      return;
    }
  }

  /** Tells deployments that wait for a calibration which has ended without their notice. */
  async settle(stores: Stores, id: JobId, now: Date): Promise<void> {
    const job = await stores.jobs.lock(id);
    if (job === null || job.calibrationDigest === null || isOpen(job)) return;
    if (job.state === 'succeeded') return this.succeed(stores, job, now);
    const newest = await stores.jobs.lockCalibrationOf(job.modelDigest, job.calibrationDigest);
    if (newest?.id === job.id) await this.#failWaiting(stores, job, now, job.error ?? unexplained(job));
  }

  /** Gives a job to an online node, taking it from one whose lease ran out. Nothing changes while no other node is there. */
  async assign(stores: Stores, id: JobId, now: Date, avoid: NodeId | null = null): Promise<NodeId[]> {
    const job = await stores.jobs.lock(id);
    if (job === null || !isOpen(job) || job.calibrationDigest === null) return [];
    if (job.nodeId !== null && (job.leaseUntil?.getTime() ?? 0) > now.getTime()) return [];
    const candidates = await stores.jobs.candidates(job.modelDigest, job.calibrationDigest);
    const others = candidates.filter((candidate) => candidate.nodeId !== job.nodeId);
    const next = others.find((candidate) => candidate.nodeId !== avoid) ?? others[0];
    if (next === undefined) return [];
    if (job.attempts >= MAX_ATTEMPTS) {
      await this.fail(stores, job, now, {
        code: 'JobAttemptsExhausted',
        message: `calibration of ${job.modelName} was given to ${String(job.attempts)} nodes and none finished it`,
        action: 'look at the nodes’ logs, then deploy again',
        retryable: false,
      });
      return [];
    }
    await stores.jobs.update(id, {
      nodeId: next.nodeId,
      state: 'queued',
      phase: 'given to a node',
      progress: 0,
      attempts: job.attempts + 1,
      leaseUntil: new Date(now.getTime() + this.leaseMs),
      updatedAt: now,
    });
    const node = await stores.nodes.find(next.nodeId);
    record(stores, 'control-plane', now, {
      code: 'JobAssigned',
      message: `calibration of ${job.modelName} goes to node ${node?.name ?? next.nodeId}`,
      object: { kind: 'job', id, name: `calibrate ${job.modelName}` },
      siteId: next.siteId,
      data: { attempt: job.attempts + 1, takenFrom: job.nodeId },
    });
    const touched = job.nodeId === null ? [next.nodeId] : [job.nodeId, next.nodeId];
    await this.refresh.nodes(stores, touched, now);
    return touched;
  }

  /** Starts over as a new job, on another node if there is one, after a failure that may pass; or ends it together with the deployments that wait for it. */
  async fail(stores: Stores, job: Job, now: Date, error: TaktErrorData): Promise<void> {
    const again = error.retryable && job.attempts < MAX_ATTEMPTS;
    await stores.jobs.update(job.id, { state: 'failed', leaseUntil: null, etaSeconds: null, error, updatedAt: now });
    const node = job.nodeId === null ? null : await stores.nodes.find(job.nodeId);
    record(stores, 'control-plane', now, {
      code: again ? 'JobRetried' : 'JobFailed',
      severity: again ? 'warning' : 'error',
      message: `calibration of ${job.modelName} failed: ${error.message}`,
      object: { kind: 'job', id: job.id, name: `calibrate ${job.modelName}` },
      siteId: node?.siteId ?? null,
      data: { error },
    });
    if (job.calibrationDigest === null) return;
    if (again) {
      const { modelDigest, modelName, calibrationDigest } = job;
      const touched = await this.#queue(stores, { modelDigest, modelName, calibrationDigest }, job.attempts, job.nodeId, now);
      if (job.nodeId !== null && !touched.includes(job.nodeId)) await this.refresh.nodes(stores, [job.nodeId], now);
      return;
    }
    await this.#failWaiting(stores, job, now, error);
    if (job.nodeId !== null) await this.refresh.nodes(stores, [job.nodeId], now);
  }

  async #failWaiting(stores: Stores, job: Job, now: Date, error: TaktErrorData): Promise<void> {
    if (job.calibrationDigest === null) return;
    for (const waiting of await stores.deployments.waitingForStatistics(job.modelDigest, job.calibrationDigest)) {
      await this.move.execute(stores, waiting.id, {
        to: 'failed',
        by: 'control-plane',
        at: now,
        generation: (await stores.desired.generations([waiting.nodeId])).get(waiting.nodeId) ?? 0,
        reason: 'CalibrationFailed',
        message: error.message,
        error,
      });
    }
  }

  /** The statistics are there: every node that waits for them gets a new desired generation that names them. */
  async succeed(stores: Stores, job: Job, now: Date): Promise<void> {
    if (job.calibrationDigest === null) return;
    const waiting = await stores.deployments.waitingForStatistics(job.modelDigest, job.calibrationDigest);
    await this.refresh.nodes(
      stores,
      [...waiting.map((deployment) => deployment.nodeId), ...(job.nodeId === null ? [] : [job.nodeId])],
      now,
    );
  }

  async #queue(stores: Stores, subject: Subject, attempts: number, avoid: NodeId | null, now: Date): Promise<NodeId[]> {
    const id = await this.#add(stores, subject, attempts, now);
    return id === null ? [] : this.assign(stores, id, now, avoid);
  }

  /** Null where an open or succeeded one exists. */
  async #add(stores: Stores, subject: Subject, attempts: number, now: Date): Promise<JobId | null> {
    const id = asId<JobId>(randomUUID());
    const added = await stores.jobs.addCalibration({
      ...subject,
      id,
      kind: 'calibrate',
      state: 'queued',
      phase: 'waiting for a node',
      progress: 0,
      etaSeconds: null,
      nodeId: null,
      deploymentId: null,
      attempts,
      leaseUntil: null,
      result: null,
      error: null,
      createdAt: now,
      updatedAt: now,
    });
    return added ? id : null;
  }
}

const unexplained = (job: Job): TaktErrorData => ({
  code: 'JobFailed',
  message: `calibration of ${job.modelName} ended without statistics`,
  action: 'deploy again',
  retryable: true,
});

export const isOpen = (job: Job): boolean => job.state === 'queued' || job.state === 'running';

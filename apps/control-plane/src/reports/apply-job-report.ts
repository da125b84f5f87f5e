import type { ReportBody } from '@takt/contracts';
import type { TaktErrorData } from '@takt/kernel';
import type { FleetNode, Job, Stores } from '@takt/persistence';
import { record } from '../record.js';
import { notItsOwn } from './node-complaints.js';
import type { Complaint } from './node-complaints.js';
import { isOpen } from '../rollout/calibration.js';
import type { Calibrations } from '../rollout/calibration.js';

type JobReport = Extract<ReportBody, { kind: 'job' }>;

const unexplained: TaktErrorData = {
  code: 'JobFailed',
  message: 'the node gave no reason',
  action: 'look at the log of the node’s agent',
  retryable: true,
};

/** Progress and ends of jobs. A job that has ended keeps its end, whatever is reported later. */
export class ApplyJobReport {
  constructor(private readonly calibrations: Calibrations) {}

  async execute(stores: Stores, node: FleetNode, report: JobReport, now: Date, complain: (complaint: Complaint) => void): Promise<void> {
    const job = await stores.jobs.lock(report.jobId);
    if (job === null || (job.kind === 'build' && job.nodeId !== node.id)) {
      complain(notItsOwn('job', report.jobId));
      return;
    }
    if (!isOpen(job)) return;
    if (job.kind === 'build') await this.#build(stores, job, report, now);
    else await this.#calibrate(stores, node, job, report, now);
  }

  async #build(stores: Stores, job: Job, report: JobReport, now: Date): Promise<void> {
    await stores.jobs.update(job.id, {
      ...progressOf(report),
      state: report.state,
      result: report.result,
      error: report.error,
      updatedAt: now,
    });
    if (report.state === 'succeeded' && report.result?.kind === 'build' && job.deploymentId !== null) {
      await stores.deployments.update(job.deploymentId, { plan: report.result.plan });
    }
  }

  /** The finished file counts whoever made it: a node that lost its lease may still have been first. */
  async #calibrate(stores: Stores, node: FleetNode, job: Job, report: JobReport, now: Date): Promise<void> {
    const mine = job.nodeId === node.id;
    if (report.state === 'succeeded' && report.result?.kind === 'calibrate') {
      if ((await stores.content.findArtifact(report.result.statistics.digest)) === null) {
        if (!mine) return;
        await this.calibrations.fail(stores, job, now, {
          code: 'StatisticsMissing',
          message: 'the node reported statistics that it did not upload',
          action: 'nothing to do; the job is tried again',
          retryable: true,
        });
        return;
      }
      const done: Job = { ...job, state: 'succeeded', result: report.result };
      await stores.jobs.update(job.id, {
        ...progressOf(report),
        state: 'succeeded',
        result: report.result,
        error: null,
        leaseUntil: null,
        updatedAt: now,
      });
      record(stores, `node:${node.name}`, now, {
        code: 'StatisticsReady',
        message: `statistics of ${job.modelName} are made from ${String(report.result.images)} images in ${report.result.seconds.toFixed(1)} s`,
        object: { kind: 'job', id: job.id, name: `calibrate ${job.modelName}` },
        siteId: node.siteId,
        data: { digest: report.result.statistics.digest },
      });
      await this.calibrations.succeed(stores, done, now);
      return;
    }
    if (!mine) return;
    if (report.state === 'failed' || report.state === 'cancelled' || report.state === 'succeeded') {
      await this.calibrations.fail(stores, job, now, report.error ?? unexplained);
      return;
    }
    await stores.jobs.update(job.id, { ...progressOf(report), state: report.state, updatedAt: now });
  }
}

const progressOf = (report: JobReport): Pick<Job, 'phase' | 'progress' | 'etaSeconds'> => ({
  phase: report.phase,
  progress: report.progress,
  etaSeconds: report.etaSeconds,
});

import { LogField } from '@takt/kernel';
import type { Clock, JobId, Logger } from '@takt/kernel';
import type { Database, Stores } from '@takt/persistence';
import { Ticker } from '../boot/ticker.js';
import type { ReportRetention } from '../reports/report-retention.js';
import type { Calibrations } from './calibration.js';

/**
 * Gives waiting calibrations to nodes, takes them from nodes that are gone, and tells deployments that missed the end of
 * one; deletes reports that are old. Any number of replicas may run it; a job that cannot be handled keeps no other from it.
 */
export class JobReconciler {
  readonly #ticker: Ticker;

  constructor(
    private readonly db: Database,
    private readonly calibrations: Pick<Calibrations, 'assign' | 'settle'>,
    private readonly retention: Pick<ReportRetention, 'sweep'>,
    private readonly clock: Clock,
    private readonly logger: Logger,
    pauseMs: number,
  ) {
    this.#ticker = new Ticker(
      pauseMs,
      () => this.reconcile(),
      (error) => {
        logger.warn('jobs not reconciled, trying again', { [LogField.error]: error });
      },
    );
  }

  start(): void {
    this.#ticker.start();
  }

  stop(): Promise<void> {
    return this.#ticker.stop();
  }

  async reconcile(): Promise<void> {
    const now = new Date(this.clock.now());
    const { jobs } = this.db.stores;
    for (const id of await jobs.calibrationsToAssign(now)) await this.#each(id, (stores) => this.calibrations.assign(stores, id, now));
    for (const id of await jobs.calibrationsToSettle()) await this.#each(id, (stores) => this.calibrations.settle(stores, id, now));
    await this.retention.sweep();
  }

  async #each(id: JobId, work: (stores: Stores) => Promise<unknown>): Promise<void> {
    try {
      await this.db.transaction(work);
    } catch (error) {
      this.logger.warn('job not reconciled, trying again', { [LogField.jobId]: id, [LogField.error]: error });
    }
  }
}

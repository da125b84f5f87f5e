import { LogField } from '@takt/kernel';
import type { Clock, JobId, Logger } from '@takt/kernel';
import type { Database, Stores } from '@takt/persistence';
import { Ticker } from '../boot/ticker.js';
import type { WatchedWork } from '../boot/watched-work.js';
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
    this.#ticker = new Ticker({ name: 'jobs', pauseMs }, () => this.#tick(), { clock, logger });
  }

  get work(): WatchedWork {
    return this.#ticker.work;
  }

  start(): void {
    this.#ticker.start();
  }

  stop(): Promise<void> {
    return this.#ticker.stop();
  }

  /** A job that could not be handled is a failure of this work, though it keeps no other from it. */
  async #tick(): Promise<void> {
    const failures = await this.reconcile();
    if (failures.length > 0) throw new AggregateError(failures, `${String(failures.length)} job(s) not reconciled`);
  }

  /** Looks at each job once; returns what kept it from some of them. */
  async reconcile(): Promise<unknown[]> {
    const failures: unknown[] = [];
    const now = new Date(this.clock.now());
    const { jobs } = this.db.stores;
    for (const id of await jobs.calibrationsToAssign(now))
      await this.#each(failures, id, (stores) => this.calibrations.assign(stores, id, now));
    for (const id of await jobs.calibrationsToSettle())
      await this.#each(failures, id, (stores) => this.calibrations.settle(stores, id, now));
    await this.retention.sweep();
    return failures;
  }

  async #each(failures: unknown[], id: JobId, work: (stores: Stores) => Promise<unknown>): Promise<void> {
    try {
      await this.db.transaction(work);
    } catch (error) {
      this.logger.warn('job not reconciled, trying again', { [LogField.jobId]: id, [LogField.error]: error });
      failures.push(error);
    }
  }
}

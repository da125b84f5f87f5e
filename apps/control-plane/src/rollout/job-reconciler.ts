import { LogField } from '@takt/kernel';
import type { Clock, Logger } from '@takt/kernel';
import type { Database } from '@takt/persistence';
import { Ticker } from '../boot/ticker.js';
import type { Calibrations } from './calibration.js';

const EVERY_MS = 2_000;

/** Gives waiting calibrations to nodes and takes them from nodes that are gone. Any number of replicas may run it. */
export class JobReconciler {
  readonly #ticker: Ticker;

  constructor(
    private readonly db: Database,
    private readonly calibrations: Calibrations,
    private readonly clock: Clock,
    logger: Logger,
  ) {
    this.#ticker = new Ticker(
      EVERY_MS,
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
    for (const id of await this.db.stores.jobs.calibrationsToAssign(now)) {
      await this.db.transaction((stores) => this.calibrations.assign(stores, id, now));
    }
  }
}

import type { Clock } from '@takt/kernel';
import type { Database } from '@takt/persistence';

/** Reports deleted in one sweep at most, so that none holds locks for long. */
const BATCH = 1_000;
const DAY_MS = 86_400_000;

/** Deletes applied reports when they are old: what they changed is in the rows, and their numbers are never taken again. */
export class ReportRetention {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly days: number,
  ) {}

  /** Returns how many it deleted. */
  async sweep(): Promise<number> {
    return this.db.stores.reports.deleteApplied(new Date(this.clock.now() - this.days * DAY_MS), BATCH);
  }
}

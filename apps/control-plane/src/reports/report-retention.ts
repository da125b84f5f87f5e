import type { Clock } from '@takt/kernel';
import type { Database } from '@takt/persistence';

/** Rows deleted in one sweep at most, so that none holds locks for long. */
const REPORTS = 1_000;
/** A fleet of thousands of lines makes hundreds of samples a second. */
const SAMPLES = 5_000;
const SESSIONS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Sessions that have ended are kept this long, to show who was logged in. */
const SESSION_DAYS = 30;

/**
 * Deletes what is old: applied reports (what they changed is in the rows, and their numbers are never taken again), samples of
 * counters, and ended sessions.
 */
export class ReportRetention {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly keep: { readonly reportDays: number; readonly sampleHours: number },
  ) {}

  /** Returns how many rows it deleted. */
  async sweep(): Promise<number> {
    const now = this.clock.now();
    const { reports, samples, access } = this.db.stores;
    return (
      (await reports.deleteApplied(new Date(now - this.keep.reportDays * DAY_MS), REPORTS)) +
      (await samples.sweep(new Date(now - this.keep.sampleHours * HOUR_MS), SAMPLES)) +
      (await access.sweepSessions(new Date(now - SESSION_DAYS * DAY_MS), SESSIONS))
    );
  }
}

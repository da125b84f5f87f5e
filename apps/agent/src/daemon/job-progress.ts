import type { WorkerMessage } from '@takt/contracts';
import { LogField } from '@takt/kernel';
import type { Clock, JobId, Logger } from '@takt/kernel';
import type { Reporter } from '../state/reporter.js';

type Progress = Extract<WorkerMessage, { type: 'progress' }>;

/** Shortest time between two progress reports of one phase, ms: each is a file on disk and a row. */
const PAUSE_MS = 3_000;

/** Turns a worker's progress into reports, at most one per phase and pause. */
export class JobProgress {
  readonly #reporter: Reporter;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #last = new Map<JobId, { readonly phase: string; readonly at: number }>();

  constructor(reporter: Reporter, clock: Clock, logger: Logger) {
    this.#reporter = reporter;
    this.#clock = clock;
    this.#logger = logger;
  }

  report(jobId: JobId, jobKind: 'calibrate' | 'build', progress: Progress): void {
    const last = this.#last.get(jobId);
    const now = this.#clock.monotonic();
    if (last !== undefined && last.phase === progress.phase && now - last.at < PAUSE_MS) return;
    // Progress that arrives after the end must not open the job again.
    if (this.#reporter.ledger.jobs[jobId] !== 'running') return;
    this.#last.set(jobId, { phase: progress.phase, at: now });
    const fraction = progress.total > 0 ? Math.min(1, Math.max(0, progress.done / progress.total)) : 0;
    const body = { kind: 'job' as const, jobId, jobKind, state: 'running' as const, phase: progress.phase, progress: fraction };
    this.#reporter.report({ ...body, etaSeconds: progress.etaSeconds, result: null, error: null }).catch((thrown: unknown) => {
      this.#logger.warn('progress could not be reported', { [LogField.jobId]: jobId, [LogField.error]: thrown });
    });
  }

  end(jobId: JobId): void {
    this.#last.delete(jobId);
  }
}

import type { Clock, DurableFs, Logger } from '@takt/kernel';
import type { ReportProgress } from './protocol/output.js';

/** What every job gets from the process it runs in. */
export interface JobContext {
  /** Aborted when the job is cancelled; jobs then reject with its reason as soon as they can. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly fs: DurableFs;
  readonly logger: Logger;
  readonly progress: ReportProgress;
}

import type { WorkerJob, WorkerResult } from '@takt/contracts';
import { benchmarkJob } from './benchmark/benchmark-job.js';
import { evaluateJob } from './evaluate/evaluate-job.js';
import type { JobContext } from './job-context.js';

/** Runs one job to its result; rejects with a TaktError, or with the signal's reason when it was cancelled. */
export async function runJob(job: WorkerJob, context: JobContext): Promise<WorkerResult> {
  switch (job.kind) {
    case 'evaluate':
      return evaluateJob(job, context);
    case 'benchmark':
      return benchmarkJob(job, context);
  }
  throw new Error(job.kind);
}

import type { WorkerJob, WorkerResult } from '@takt/contracts';
import { createOrtAdapter } from '@takt/engine-ort';
import { benchmarkJob } from './benchmark/benchmark-job.js';
import { buildJob } from './build/build-job.js';
import { calibrate } from './calibrate/calibrate.js';
import { evaluateJob } from './evaluate/evaluate-job.js';
import { createLoadInput } from './golden/load-input.js';
import type { JobContext } from './job-context.js';
import { probeJob } from './probe/probe-job.js';
import { quantizeJob } from './quantize/quantize-job.js';

/** Runs one job to its result; rejects with a TaktError, or with the signal's reason when it was cancelled. */
export async function runJob(job: WorkerJob, context: JobContext): Promise<WorkerResult> {
  switch (job.kind) {
    case 'evaluate':
      return evaluateJob(job, context);
    case 'benchmark':
      return benchmarkJob(job, context);
    case 'probe':
      return probeJob(job, context);
    case 'calibrate': {
      const { fs, clock, progress, signal } = context;
      return calibrate(job, { fs, clock, engine: createOrtAdapter(), loadInput: createLoadInput(clock) }, progress, signal);
    }
    case 'build':
      return buildJob(job, context);
    case 'quantize':
      return quantizeJob(job, context);
  }
}

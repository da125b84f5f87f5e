import type { WorkerJob, WorkerMessage, WorkerResult } from '@takt/contracts';
import type { DurableFs, Logger } from '@takt/kernel';
import { runWorker } from '../work/run-worker.js';

export interface WorkerSettings {
  readonly workerPath: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly fs: DurableFs;
  readonly logger: Logger;
  readonly deadlineMs: number;
}

/** Starts workers with this agent's settings. */
export class WorkerLauncher {
  readonly #settings: WorkerSettings;

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
  }

  run<K extends WorkerJob['kind']>(
    job: Extract<WorkerJob, { kind: K }>,
    signal: AbortSignal,
    onProgress?: (progress: Extract<WorkerMessage, { type: 'progress' }>) => void,
  ): Promise<Extract<WorkerResult, { kind: K }>> {
    return runWorker<K>(job, { ...this.#settings, signal, ...(onProgress === undefined ? {} : { onProgress }) });
  }
}

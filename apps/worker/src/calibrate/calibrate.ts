import type { WorkerJob, WorkerResult } from '@takt/contracts';
import { canonicalJson } from '@takt/kernel';
import type { Clock, DurableFs, Json } from '@takt/kernel';
import { readInputModel } from '../golden/input-model.js';
import type { ReportProgress } from '../protocol/output.js';
import { pickImages } from './calibration-images.js';
import { collectStatistics } from './collect-statistics.js';
import type { CalibrationDeps } from './collect-statistics.js';

export type CalibrateJob = Extract<WorkerJob, { kind: 'calibrate' }>;
export type CalibrateResult = Extract<WorkerResult, { kind: 'calibrate' }>;

export interface CalibrateDeps extends CalibrationDeps {
  readonly fs: DurableFs;
  readonly clock: Clock;
}

/**
 * Makes the statistics file of a model and a calibration set. Equal model, images, sample and seed give equal bytes on one
 * machine. `job.out` appears whole or not at all.
 *
 * @throws TaktError of the import check, the image folder, the calibration; the signal's reason when cancelled.
 */
export async function calibrate(
  job: CalibrateJob,
  deps: CalibrateDeps,
  onProgress: ReportProgress,
  signal: AbortSignal,
): Promise<CalibrateResult> {
  const started = deps.clock.monotonic();
  const model = await readInputModel(job.model);
  const images = await pickImages(job.calibration, job.sample, job.seed, signal);
  const statistics = await collectStatistics(model, images, { sample: job.sample, seed: job.seed }, deps, onProgress, signal);
  signal.throwIfAborted();
  await deps.fs.write(job.out, canonicalJson(statistics as unknown as Json), 0o644);
  return {
    kind: 'calibrate',
    statistics: job.out,
    images: images.paths.length,
    tensors: Object.keys(statistics.values).length,
    seconds: Math.round(deps.clock.monotonic() - started) / 1000,
  };
}

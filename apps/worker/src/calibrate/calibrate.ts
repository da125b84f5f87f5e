import type { WorkerJob, WorkerResult } from '@takt/contracts';
import { canonicalJson } from '@takt/kernel';
import type { Clock, DurableFs, Json } from '@takt/kernel';
import { readInputModel } from '../golden/input-model.js';
import type { InputModel } from '../golden/input-model.js';
import type { ReportProgress } from '../protocol/output.js';
import { pickImages } from './calibration-images.js';
import { collectStatistics } from './collect-statistics.js';
import type { CalibrationDeps } from './collect-statistics.js';

export type CalibrateJob = Extract<WorkerJob, { kind: 'calibrate' }>;
/** Images to calibrate with, and the file to make. */
export type CalibrateRequest = Pick<CalibrateJob, 'calibration' | 'sample' | 'seed' | 'out'>;
export type CalibrateResult = Extract<WorkerResult, { kind: 'calibrate' }>;

export interface CalibrateDeps extends CalibrationDeps {
  readonly fs: DurableFs;
  readonly clock: Clock;
}

/** Calibrates a model file, a detector. Throws what `readInputModel` and `calibrateModel` throw. */
export async function calibrate(
  job: CalibrateJob,
  deps: CalibrateDeps,
  onProgress: ReportProgress,
  signal: AbortSignal,
): Promise<CalibrateResult> {
  return calibrateModel(await readInputModel(job.model), job, deps, onProgress, signal);
}

/**
 * Makes the statistics file of a model and a calibration set. Equal model, images, sample and seed give equal bytes on one
 * machine. `request.out` appears whole or not at all.
 *
 * @throws TaktError of the image folder and the calibration; the signal's reason when cancelled.
 */
export async function calibrateModel(
  model: InputModel,
  request: CalibrateRequest,
  deps: CalibrateDeps,
  onProgress: ReportProgress,
  signal: AbortSignal,
): Promise<CalibrateResult> {
  const started = deps.clock.monotonic();
  const images = await pickImages(request.calibration, request.sample, request.seed, signal);
  const statistics = await collectStatistics(model, images, { sample: request.sample, seed: request.seed }, deps, onProgress, signal);
  signal.throwIfAborted();
  await deps.fs.write(request.out, canonicalJson(statistics as unknown as Json), 0o644);
  return {
    kind: 'calibrate',
    statistics: request.out,
    images: images.paths.length,
    tensors: Object.keys(statistics.values).length,
    seconds: Math.round(deps.clock.monotonic() - started) / 1000,
  };
}

import { createOrtAdapter } from '@takt/engine-ort';
import type { ThreadPolicy } from '@takt/engines';
import { TaktError } from '@takt/kernel';
import { sampleOf } from '@takt/quantization';
import { listImages } from '@takt/image-io';
import { accuracyMeter } from '../golden/accuracy-meter.js';
import type { GoldenSet } from '../golden/golden-set.js';
import type { InputModel } from '../golden/input-model.js';
import { createLoadInput } from '../golden/load-input.js';
import type { HostPool } from '../host/host-pool.js';
import type { JobContext } from '../job-context.js';
import { agreementQuality, ownLabels } from './agreement-quality.js';
import { labelledQuality } from './labelled-quality.js';
import { openOutputQuality } from './output-quality.js';
import type { Quality, QualityMeter } from './quality.js';

export interface QualityRequest {
  readonly model: InputModel;
  /** Labelled images, or null where there are none. */
  readonly golden: GoldenSet | null;
  /** Folder of calibration images, which stand in where there are no labelled ones; or null. */
  readonly calibration: string | null;
  /** Points of mAP@0.5:0.95 that may be lost on labelled images. */
  readonly budgetPoints: number;
  /** What may be lost where there are none, in percent. */
  readonly outputBudgetPercent: number;
}

export interface OpenedQuality {
  readonly meter: QualityMeter;
  readonly fp32: Quality;
}

const IMAGES = 64;
const SEED = 1;

/**
 * How what artifacts lose is measured: on labels where there are some, else by what FP32 itself finds, and by the outputs of a network
 * that is no detector.
 *
 * @throws TaktError `ImagesMissing` where nothing is given to measure on, `NothingFound`, and those of reading
 * images.
 */
export async function openQuality(
  { model, golden, calibration, budgetPoints, outputBudgetPercent }: QualityRequest,
  pool: HostPool,
  threads: ThreadPolicy,
  context: JobContext,
): Promise<OpenedQuality> {
  if (golden !== null) {
    const measure = accuracyMeter(pool, threads, golden, context);
    const accuracy = await measure(model.path, 'FP32');
    return { meter: labelledQuality(golden, budgetPoints, accuracy, measure), fp32: { lost: 0, accuracy } };
  }
  if (calibration === null) {
    throw new TaktError({
      code: 'ImagesMissing',
      message: 'nothing would tell what integers lose: the job names neither labelled images nor calibration images',
      action: 'name a labelled set, or the folder of calibration images',
      component: 'worker',
    });
  }
  const paths = sampleOf(await listImages(calibration), IMAGES, SEED);
  const { detector } = model;
  if (detector === null) {
    const deps = { ...context, engine: createOrtAdapter(), loadInput: createLoadInput(context.clock) };
    return { meter: await openOutputQuality(model, model.outputs, paths, outputBudgetPercent, deps), fp32: { lost: 0, accuracy: null } };
  }
  const { host } = await pool.get(model.path, threads, 'FP32');
  const { images } = await host.ask({ kind: 'detect', images: paths }, (done, total) => {
    context.progress({ phase: 'evaluate', done, total, message: `what FP32 finds: ${String(done)} of ${String(total)} images` });
  });
  const names = Array.from({ length: detector.classes }, (_, index) => model.names[index] ?? `class-${String(index)}`);
  const own = ownLabels(paths, images);
  const measure = accuracyMeter(pool, threads, { names, classesBy: 'index', images: own.images }, context);
  const meter = agreementQuality(own, outputBudgetPercent, measure);
  return { meter, fp32: { lost: 0, accuracy: null } };
}

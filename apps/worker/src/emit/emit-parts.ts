import { createOrtAdapter } from '@takt/engine-ort';
import type { OrtAdapter } from '@takt/engine-ort';
import { sampleOf } from '@takt/quantization';
import type { Statistics } from '@takt/quantization';
import { TaktError } from '@takt/kernel';
import { TextLimit, readText } from '../process/read-text.js';
import { pickImages } from '../calibrate/calibration-images.js';
import { collectStatistics } from '../calibrate/collect-statistics.js';
import type { LoadInput } from '../calibrate/collect-statistics.js';
import type { GoldenImage } from '../golden/golden-set.js';
import type { InputModel } from '../golden/input-model.js';
import { createLoadInput } from '../golden/load-input.js';
import type { JobContext } from '../job-context.js';
import { openModelSource, statisticsOf } from './model-source.js';
import type { ModelSource } from './model-source.js';

/** Everything that artifacts are made of. */
export interface EmitParts {
  readonly source: ModelSource;
  readonly statistics: Statistics;
  /** Images that layers are ranked on. */
  readonly images: readonly string[];
  readonly engine: OrtAdapter;
  readonly loadInput: LoadInput;
  readonly context: JobContext;
}

export interface StatisticsSources {
  /** Statistics file, or null to calibrate from `calibration`. */
  readonly statistics: string | null;
  readonly calibration: string | null;
}

/** Images and seed where a build has to calibrate by itself; a calibrate job names its own. */
const OWN_CALIBRATION = { sample: 500, seed: 0 };
const RANKED_IMAGES = 12;

/**
 * @param known images to rank layers on; those with objects tell most about a layer.
 * @throws TaktError `StatisticsUnreadable`, `StatisticsDoNotFit`, `CalibrationMissing`, and what calibration throws.
 */
export async function openEmitParts(
  model: InputModel,
  { statistics, calibration }: StatisticsSources,
  known: readonly GoldenImage[],
  context: JobContext,
): Promise<EmitParts> {
  const engine = createOrtAdapter();
  const loadInput = createLoadInput(context.clock);
  const source = await openModelSource(model, engine);
  const given = statistics === null ? undefined : statisticsOf(source, await readStatistics(statistics));
  const shown = known.toSorted((a, b) => Math.sign(b.objects.length) - Math.sign(a.objects.length));
  const withObjects = shown.filter(({ objects }) => objects.length > 0).length;
  const images = sampleOf(withObjects >= RANKED_IMAGES ? shown.slice(0, withObjects) : shown, RANKED_IMAGES, 0).map(({ path }) => path);
  return {
    source,
    statistics: given ?? (await calibrated(model, calibration, { engine, loadInput }, context)),
    images,
    engine,
    loadInput,
    context,
  };
}

async function calibrated(
  model: InputModel,
  folder: string | null,
  deps: Pick<EmitParts, 'engine' | 'loadInput'>,
  { progress, signal }: JobContext,
): Promise<Statistics> {
  if (folder === null) throw calibrationMissing();
  const images = await pickImages(folder, OWN_CALIBRATION.sample, OWN_CALIBRATION.seed, signal);
  return collectStatistics(model, images, OWN_CALIBRATION, deps, progress, signal);
}

export const calibrationMissing = (): TaktError =>
  new TaktError({
    code: 'CalibrationMissing',
    message: 'quantizing needs a statistics file or a folder of calibration images, and the job names neither',
    action: 'name a folder with images like those the model will see',
    component: 'worker',
  });

export async function readStatistics(path: string): Promise<string> {
  try {
    return await readText(path, TextLimit.statistics);
  } catch (error) {
    throw new TaktError({
      code: 'StatisticsUnreadable',
      message: `statistics file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      action: 'run the calibrate job again, or name the file it wrote',
      component: 'worker',
      element: path,
      cause: error,
    });
  }
}

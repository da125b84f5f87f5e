import { createOrtAdapter } from '@takt/engine-ort';
import type { HardwareFacts } from '@takt/hardware';
import { TaktError } from '@takt/kernel';
import { parseStatistics } from '@takt/quantization';
import type { Statistics } from '@takt/quantization';
import { readFile } from 'node:fs/promises';
import { pickImages } from '../calibrate/calibration-images.js';
import { collectStatistics } from '../calibrate/collect-statistics.js';
import { emitRecipe } from '../emit/emit-recipe.js';
import type { InputModel } from '../golden/input-model.js';
import { createLoadInput } from '../golden/load-input.js';
import type { JobContext } from '../job-context.js';
import type { EmitRecipe } from './fit-recipe.js';

/** Images and seed where a build has to calibrate by itself; a calibrate job names its own. */
const OWN_CALIBRATION = { sample: 500, seed: 0 };

export interface EmitterSources {
  /** Statistics file, or null to calibrate from `calibration` on first need. */
  readonly statistics: string | null;
  readonly calibration: string | null;
  /** Bits of INT8 weights; by default 7 where this CPU's products saturate (no VNNI), else 8. */
  readonly weightBits?: 7 | 8;
}

/** Makes artifacts of one model for one box; calibrates at most once. */
export function createEmitter(
  model: InputModel,
  facts: Pick<HardwareFacts, 'cpu'>,
  sources: EmitterSources,
  context: JobContext,
): EmitRecipe {
  const engine = createOrtAdapter();
  const loadInput = createLoadInput(context.clock);
  const { progress, signal } = context;
  let known: Promise<Statistics | null> | undefined;
  const statistics = async (): Promise<Statistics | null> => {
    if (sources.statistics !== null) return parseStatistics(await readStatistics(sources.statistics));
    if (sources.calibration === null) return null;
    const images = await pickImages(sources.calibration, OWN_CALIBRATION.sample, OWN_CALIBRATION.seed, signal);
    return collectStatistics(model.bytes, images, OWN_CALIBRATION, { engine, loadInput }, progress, signal);
  };
  return async (recipe, tailLevel) => {
    const tail = tailLevel === 0 ? '' : ` with more of the network's end in float (${String(tailLevel)})`;
    progress({ phase: 'emit', done: 0, total: 1, message: `making ${recipe}${tail}` });
    known ??= statistics();
    const emitted = await emitRecipe({
      modelBytes: model.bytes,
      recipe,
      statistics: await known,
      calibrationDir: null,
      ...OWN_CALIBRATION,
      sevenBitWeights: sources.weightBits === undefined ? facts.cpu.int8DotProduct === 'none' : sources.weightBits === 7,
      tailLevel,
      engine,
      loadInput,
      onProgress: progress,
      signal,
    });
    const { audit, bytes, floatConvs, notes } = emitted;
    const auditFailure =
      audit === null || audit.fused
        ? null
        : `only ${String(audit.integerConvs)} of ${String(audit.expectedConvs)} quantized convolutions run in integers`;
    return { bytes, auditFailure, floatConvs, notes };
  };
}

export async function readStatistics(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
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

import type { OrtAdapter } from '@takt/engine-ort';
import type { EngineSession } from '@takt/engines';
import { TaktError } from '@takt/kernel';
import { counts, outputError, weighSingleValues } from '@takt/quantization';
import type { ReferenceOutput } from '@takt/quantization';
import type { LoadInput } from '../calibrate/collect-statistics.js';
import type { InputModel } from '../golden/input-model.js';
import type { ReportProgress } from '../protocol/output.js';
import { BACKGROUND_THREADS } from '../process/background-threads.js';
import { outputReference } from '../sensitivity/output-reference.js';
import type { QualityMeter } from './quality.js';

export interface OutputDeps {
  readonly engine: OrtAdapter;
  readonly loadInput: LoadInput;
  readonly progress: ReportProgress;
  readonly signal: AbortSignal;
}

/** Values of reference outputs that are kept at most (64 MB with their weights). */
const MOST_VALUES = 8_000_000;

/**
 * For a network whose outputs takt does not read: how far the outputs of an artifact lie from FP32's, as root mean square over the
 * images, in percent of how much each channel of FP32's outputs varies. 10 % is a signal to noise ratio of 20 dB.
 *
 * @param images paths, the more the closer; as many are used as their outputs fit in memory.
 * @throws TaktError `OutputsDoNotVary` where FP32 gives the same for all images, `OutputNotFinite`, those of the engine and of reading
 * images.
 */
export async function openOutputQuality(
  model: Pick<InputModel, 'path' | 'name' | 'input'>,
  outputs: readonly string[],
  images: readonly string[],
  budgetPercent: number,
  { engine, loadInput, progress, signal }: OutputDeps,
): Promise<QualityMeter> {
  const { input } = model;
  const dims = [1, 3, input.height, input.width];
  const eachImage = async (
    path: string,
    label: string,
    paths: readonly string[],
    visit: (image: number, results: Awaited<ReturnType<EngineSession['run']>>) => boolean,
  ): Promise<void> => {
    const session = await engine.load(path, BACKGROUND_THREADS);
    try {
      for (const [at, image] of paths.entries()) {
        signal.throwIfAborted();
        progress({
          phase: 'evaluate',
          done: at + 1,
          total: paths.length,
          message: `outputs of ${label}: ${String(at + 1)} of ${String(paths.length)} images`,
        });
        const data = await loadInput(image, input);
        if (!visit(at, await session.run({ [input.name]: { type: 'float32', data, dims } }))) return;
      }
    } finally {
      await session.release();
    }
  };
  const measured: (readonly ReferenceOutput[])[] = [];
  let kept = 0;
  await eachImage(model.path, 'FP32', images, (_, results) => {
    const reference = outputReference(outputs, results);
    requireFinite(model.name, outputs, reference);
    kept += reference.reduce((sum, { values }) => sum + values.length, 0);
    measured.push(reference);
    return kept < MOST_VALUES;
  });
  const telling = weighSingleValues(measured).flatMap((reference, at) =>
    counts(reference) ? [{ reference, path: images[at] ?? '' }] : [],
  );
  if (telling.length === 0) throw doNotVary(model.name, measured.length);
  const references = telling.map(({ reference }) => reference);
  const used = telling.map(({ path }) => path);
  return {
    gate: {
      by: 'outputs',
      budget: budgetPercent,
      words: (lost) => `has outputs ${lost.toFixed(2)} % off FP32's (${budgetPercent.toFixed(2)} % are allowed)`,
      heading: 'outputs off by, %',
      basis: `The outputs are compared with FP32's on ${String(used.length)} calibration images; they may be off by ${budgetPercent.toFixed(2)} % of how much they vary.`,
    },
    images: used.map((path) => ({ path, size: null, objects: [] })),
    measure: async (path, label) => {
      let sum = 0;
      await eachImage(path, label, used, (image, results) => {
        const given = outputs.map((name) => results[name]?.data);
        if (!given.every((data) => data instanceof Float32Array)) throw new TypeError(`an output of ${label} is not of floats`);
        sum += outputError(references[image] ?? [], given);
        return true;
      });
      const lost = 100 * Math.sqrt(sum / used.length);
      return { lost: Number.isFinite(lost) ? lost : Infinity, accuracy: null };
    },
  };
}

/** Nothing lies near NaN or infinity, so that no artifact would be inside the budget. */
function requireFinite(name: string, outputs: readonly string[], reference: readonly ReferenceOutput[]): void {
  const at = reference.findIndex(({ values }) => !values.every(Number.isFinite));
  if (at < 0) return;
  throw new TaktError({
    code: 'OutputNotFinite',
    message: `the output "${outputs[at] ?? ''}" of ${name} in float is not finite on a calibration image`,
    action: 'check that --pixels is what the model was trained with, and export the model again',
    component: 'worker',
    element: outputs[at] ?? '',
  });
}

const doNotVary = (name: string, images: number): TaktError =>
  new TaktError({
    code: 'OutputsDoNotVary',
    message: `${name} gives the same outputs on ${String(images)} calibration images, so nothing would tell what integers lose`,
    action: 'calibrate with more and different images, and check that --pixels is what the model was trained with',
    component: 'worker',
    element: name,
  });

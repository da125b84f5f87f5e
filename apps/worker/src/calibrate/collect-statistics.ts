import type { OrtAdapter } from '@takt/engine-ort';
import type { Tensor } from '@takt/engines';
import { parseModel, serializeModel } from '@takt/onnx';
import type { Model } from '@takt/onnx';
import {
  ExtremesCollector,
  HistogramCollector,
  STATISTICS_FORMAT,
  STATISTICS_VERSION,
  chooseRanges,
  findRegion,
  planValues,
  prune,
  samplesPerImage,
  unpack,
  withExtremes,
  withMeans,
  withSamples,
  withShapes,
  withTrainedScales,
} from '@takt/quantization';
import type { Shapes, Statistics } from '@takt/quantization';
import type { InputFormat } from '../golden/image-input.js';
import type { InputModel } from '../golden/input-model.js';
import { BACKGROUND_THREADS } from '../process/background-threads.js';
import type { ReportProgress } from '../protocol/output.js';
import type { CalibrationImages } from './calibration-images.js';

/**
 * One image as the network's input: decoded, fitted to its size, `3 · height · width` values in planes. The image `next` is asked for
 * afterwards; its file is read and decoded meanwhile.
 */
export type LoadInput = (path: string, format: InputFormat, next?: string) => Promise<Float32Array>;

export interface CalibrationDeps {
  readonly engine: OrtAdapter;
  readonly loadInput: LoadInput;
}

/** Images that channel means are taken over: a mean needs fewer than a range. */
const MEAN_IMAGES = 32;

type Results = Readonly<Record<string, Tensor>>;

/**
 * Runs each image through the model once and takes from the run the exact extremes of each value and a strided sample of it. Both
 * reductions happen inside the engine, and the histograms of the samples grow with the extremes, so memory grows neither with images
 * nor with activations.
 *
 * @throws TaktError of `findRegion`, `CalibrationNotFinite`; the signal's reason when cancelled.
 */
export async function collectStatistics(
  { bytes: modelBytes, digest, input, trained }: Pick<InputModel, 'bytes' | 'digest' | 'input' | 'trained'>,
  images: CalibrationImages,
  request: { readonly sample: number; readonly seed: number },
  { engine, loadInput }: CalibrationDeps,
  progress: ReportProgress,
  signal: AbortSignal,
): Promise<Statistics> {
  const folded = parseModel(await engine.optimize(modelBytes, 'basic', 'the model'));
  const region = findRegion(folded);
  const plan = planValues(region);
  // What the model itself gives is not read.
  const quiet: Model = { ...folded, graph: { ...folded.graph, output: [] } };
  const { width, height } = input;
  const { paths } = images;
  const total = paths.length;

  /** Runs a graph, without the nodes that none of its outputs needs, on the images from `from` up to `to`. */
  const eachImage = async (graph: Model, from: number, to: number, visit: (results: Results) => void): Promise<void> => {
    const session = await engine.loadBytes(serializeModel({ ...graph, graph: prune(graph.graph) }), BACKGROUND_THREADS, 'the model');
    try {
      for (const [index, path] of paths.slice(from, to).entries()) {
        signal.throwIfAborted();
        progress({ phase: 'ranges', done: from + index, total, message: `image ${String(from + index + 1)} of ${String(total)}` });
        const data = await loadInput(path, input, paths[from + index + 1]);
        visit(await session.run({ [input.name]: { type: 'float32', data, dims: [1, 3, height, width] } }));
      }
    } finally {
      await session.release();
    }
  };

  progress({ phase: 'ranges', done: 0, total, message: 'shapes' });
  const shapes = new Map<string, readonly number[]>();
  const shaped = withShapes(quiet, new Set([...plan.measured, ...plan.channelMeans]));
  await eachImage(shaped.model, 0, 1, (results) => {
    for (const [value, name] of shaped.outputs) shapes.set(value, dimsOf(results[name]));
  });
  const shapesOf = (values: Iterable<string>): Shapes => new Map(Array.from(values, (value) => [value, shapes.get(value) ?? []]));

  const extremes = new ExtremesCollector();
  const histograms = new HistogramCollector(plan.measured, extremes);
  const measured = shapesOf(plan.measured);
  const reduced = withExtremes(quiet, measured, plan.channelRanges);
  const sampled = withSamples(reduced.model, measured, samplesPerImage(total));
  const averaged = withMeans(sampled.model, shapesOf(plan.channelMeans));
  const read = (results: Results): void => {
    const lows = new Map(unpack(reduced.lows, floats(results[reduced.lows.name])));
    const highs = new Map(unpack(reduced.highs, floats(results[reduced.highs.name])));
    for (const [value, samples] of unpack(sampled.samples, floats(results[sampled.samples.name]))) {
      const low = lows.get(value) ?? NONE;
      const high = highs.get(value) ?? NONE;
      extremes.add(value, smallestOf(low), largestOf(high));
      if (plan.channelRanges.has(value)) extremes.addChannels(value, low, high);
      histograms.add(value, samples);
    }
  };
  const forMeans = Math.min(total, MEAN_IMAGES);
  await eachImage(averaged.model, 0, forMeans, (results) => {
    read(results);
    for (const [value, means] of unpack(averaged.means, floats(results[averaged.means.name]))) extremes.addMeans(value, means);
  });
  if (forMeans < total) await eachImage(sampled.model, forMeans, total, read);
  progress({ phase: 'ranges', done: total, total, message: `${String(total)} images` });

  const availability = await engine.availability();
  const values = chooseRanges(plan, region.index.inputs, extremes, histograms);
  return {
    format: STATISTICS_FORMAT,
    version: STATISTICS_VERSION,
    model: digest,
    calibration: { digest: images.digest, images: total, of: images.of, ...request },
    engine: `${engine.name} ${availability.available ? availability.version : 'unavailable'}`,
    ...(trained === null ? { values } : withTrainedScales(values, plan, trained)),
  };
}

const NONE = new Float32Array(0);

/** NaN where one is among them. */
const smallestOf = (values: Float32Array): number => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const largestOf = (values: Float32Array): number => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

function dimsOf(tensor: Tensor | undefined): readonly number[] {
  if (tensor?.type !== 'int64') throw new TypeError('the calibration graph gave something else than a shape');
  return Array.from(tensor.data, Number);
}

function floats(tensor: Tensor | undefined): Float32Array {
  if (tensor?.type !== 'float32') throw new TypeError('the calibration graph gave something else than floats');
  return tensor.data;
}

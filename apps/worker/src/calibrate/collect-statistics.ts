import type { OrtAdapter } from '@takt/engine-ort';
import type { EngineSession, Tensor } from '@takt/engines';
import { FAMILY_PIXELS } from '@takt/evaluation';
import type { PixelFormat } from '@takt/evaluation';
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
  samplesPerImage,
  sampleStride,
  withExtremes,
  withMeans,
  withSamples,
  withTrainedScales,
} from '@takt/quantization';
import type { CalibrationGraph, ExtremesOutputs, Statistics } from '@takt/quantization';
import type { InputModel } from '../golden/input-model.js';
import { BACKGROUND_THREADS } from '../process/background-threads.js';
import type { ReportProgress } from '../protocol/output.js';
import { cacheInput } from './cached-input.js';
import type { CalibrationImages } from './calibration-images.js';

/** Shape and pixels of a network's input. */
export interface InputFormat {
  readonly width: number;
  readonly height: number;
  readonly pixels: PixelFormat;
}

/** One image as the network's input: decoded, letterboxed, `3 · height · width` values in planes. */
export type LoadInput = (path: string, format: InputFormat) => Promise<Float32Array>;

export interface CalibrationDeps {
  readonly engine: OrtAdapter;
  readonly loadInput: LoadInput;
}

/** Images that channel means are taken over: a mean needs fewer than a range. */
const MEAN_IMAGES = 32;

/**
 * Runs the images through the model twice: exact extremes and channel means first, then histograms of a strided sample over
 * those extremes. Both reductions happen inside the engine, so memory grows neither with images nor with activations.
 *
 * @throws TaktError of `findRegion`, `CalibrationNotFinite`; the signal's reason when cancelled.
 */
export async function collectStatistics(
  { bytes: modelBytes, digest, detector, trained }: Pick<InputModel, 'bytes' | 'digest' | 'detector' | 'trained'>,
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
  const { width, height } = detector.imageSize;

  const format = { width, height, pixels: FAMILY_PIXELS[detector.family] };
  const load = cacheInput(loadInput, format);
  const { paths } = images;
  const eachImage = async (
    phase: string,
    graph: Model,
    [from, to]: readonly [number, number],
    visit: (results: Readonly<Record<string, Tensor>>) => void,
  ): Promise<void> => {
    const session: EngineSession = await engine.loadBytes(serializeModel(graph), BACKGROUND_THREADS, `the model (${phase})`);
    try {
      const total = paths.length;
      for (const [index, path] of paths.slice(from, to).entries()) {
        signal.throwIfAborted();
        progress({ phase, done: from + index, total, message: `image ${String(from + index + 1)} of ${String(total)}` });
        const data = await load(path);
        visit(await session.run({ [detector.input]: { type: 'float32', data, dims: [1, 3, height, width] } }));
      }
      progress({ phase, done: to, total, message: `${String(to)} images` });
    } finally {
      await session.release();
    }
  };

  const extremes = new ExtremesCollector();
  const strides = new Map<string, number>();
  const first = withExtremes(quiet, plan.measured, plan.channelRanges);
  const most = samplesPerImage(paths.length);
  await eachImage('ranges', first.model, [0, paths.length], (results) => {
    readExtremes(first, results, extremes, strides, most);
  });

  const histograms = new HistogramCollector(plan.measured, extremes);
  const second = withSamples(quiet, strides);
  const withBoth = withMeans(second.model, plan.channelMeans);
  const forMeans = Math.min(paths.length, MEAN_IMAGES);
  const readSamples = (results: Readonly<Record<string, Tensor>>): void => {
    for (const [value, sample] of second.outputs) histograms.add(value, floats(results[sample]));
  };
  await eachImage('histograms', withBoth.model, [0, forMeans], (results) => {
    readSamples(results);
    for (const [value, means] of withBoth.outputs) extremes.addMeans(value, floats(results[means]));
  });
  if (forMeans < paths.length) await eachImage('histograms', second.model, [forMeans, paths.length], readSamples);

  const availability = await engine.availability();
  const values = chooseRanges(plan, region.index.inputs, extremes, histograms);
  return {
    format: STATISTICS_FORMAT,
    version: STATISTICS_VERSION,
    model: digest,
    calibration: { digest: images.digest, images: paths.length, of: images.of, ...request },
    engine: `${engine.name} ${availability.available ? availability.version : 'unavailable'}`,
    ...(trained === null ? { values } : withTrainedScales(values, plan, trained)),
  };
}

function readExtremes(
  graph: CalibrationGraph<ExtremesOutputs>,
  results: Readonly<Record<string, Tensor>>,
  extremes: ExtremesCollector,
  strides: Map<string, number>,
  most: number,
): void {
  for (const [value, { min, max, shape, ranges }] of graph.outputs) {
    extremes.add(value, floats(results[min])[0] ?? Number.NaN, floats(results[max])[0] ?? Number.NaN);
    if (ranges !== undefined) extremes.addChannels(value, floats(results[ranges.low]), floats(results[ranges.high]));
    if (strides.has(value)) continue;
    const dims = results[shape];
    strides.set(value, sampleStride(dims?.type === 'int64' ? Array.from(dims.data, Number) : [], most));
  }
}

function floats(tensor: Tensor | undefined): Float32Array {
  if (tensor?.type !== 'float32') throw new TypeError('the calibration graph gave something else than floats');
  return tensor.data;
}

import { createHash } from 'node:crypto';
import type { OrtAdapter } from '@takt/engine-ort';
import type { EngineSession, Tensor, ThreadPolicy } from '@takt/engines';
import { inspectModel, parseModel, requireDetector, serializeModel } from '@takt/onnx';
import type { Model } from '@takt/onnx';
import {
  ExtremesCollector,
  HistogramCollector,
  STATISTICS_FORMAT,
  STATISTICS_VERSION,
  chooseRanges,
  findRegion,
  planValues,
  sampleStride,
  withExtremes,
  withSamples,
} from '@takt/quantization';
import type { CalibrationGraph, ExtremesOutputs, Statistics } from '@takt/quantization';
import type { ReportProgress } from '../protocol/output.js';
import type { CalibrationImages } from './calibration-images.js';

/**
 * One image as the network's input: decoded, letterboxed to `size`, RGB planes of 0–1, `3 · height · width` values.
 */
export type LoadInput = (path: string, size: { readonly width: number; readonly height: number }) => Promise<Float32Array>;

export interface CalibrationDeps {
  readonly engine: OrtAdapter;
  readonly loadInput: LoadInput;
}

/** All cores, without spinning: calibration runs beside a line that serves. */
const THREADS: ThreadPolicy = { intraOp: 0, spin: false };

/**
 * Runs the images through the model twice: exact extremes and channel means first, then histograms of a strided sample over
 * those extremes. Both reductions happen inside the engine, so memory grows neither with images nor with activations.
 *
 * @throws TaktError of the import check, of `findRegion`, `CalibrationNotFinite`; the signal's reason when cancelled.
 */
export async function collectStatistics(
  modelBytes: Uint8Array,
  images: CalibrationImages,
  request: { readonly sample: number; readonly seed: number },
  { engine, loadInput }: CalibrationDeps,
  progress: ReportProgress,
  signal: AbortSignal,
): Promise<Statistics> {
  const detector = requireDetector(inspectModel(modelBytes));
  const folded = parseModel(await engine.optimize(modelBytes, 'basic', 'the model'));
  const region = findRegion(folded, { floatDetectConvs: false });
  const plan = planValues(region);
  const { width, height } = detector.imageSize;

  const eachImage = async (phase: string, graph: Model, visit: (results: Readonly<Record<string, Tensor>>) => void): Promise<void> => {
    const session: EngineSession = await engine.loadBytes(serializeModel(graph), THREADS, `the model (${phase})`);
    try {
      const total = images.paths.length;
      for (const [done, path] of images.paths.entries()) {
        signal.throwIfAborted();
        progress({ phase, done, total, message: `image ${String(done + 1)} of ${String(total)}` });
        const data = await loadInput(path, detector.imageSize);
        visit(await session.run({ [detector.input]: { type: 'float32', data, dims: [1, 3, height, width] } }));
      }
      progress({ phase, done: total, total, message: `${String(total)} images` });
    } finally {
      await session.release();
    }
  };

  const extremes = new ExtremesCollector();
  const strides = new Map<string, number>();
  const first = withExtremes(folded, region.values, { means: plan.channelMeans, ranges: plan.channelRanges });
  await eachImage('ranges', first.model, (results) => {
    readExtremes(first, results, extremes, strides);
  });

  const histograms = new HistogramCollector(region.values, extremes);
  const second = withSamples(folded, strides);
  await eachImage('histograms', second.model, (results) => {
    for (const [value, sample] of second.outputs) histograms.add(value, floats(results[sample]));
  });

  const availability = await engine.availability();
  return {
    format: STATISTICS_FORMAT,
    version: STATISTICS_VERSION,
    model: `sha256:${createHash('sha256').update(modelBytes).digest('hex')}`,
    calibration: { digest: images.digest, images: images.paths.length, of: images.of, ...request },
    engine: `${engine.name} ${availability.available ? availability.version : 'unavailable'}`,
    values: chooseRanges(plan, region.index.inputs, extremes, histograms),
  };
}

function readExtremes(
  graph: CalibrationGraph<ExtremesOutputs>,
  results: Readonly<Record<string, Tensor>>,
  extremes: ExtremesCollector,
  strides: Map<string, number>,
): void {
  for (const [value, { min, max, shape, means, ranges }] of graph.outputs) {
    const [low, high] = [floats(results[min])[0] ?? Number.NaN, floats(results[max])[0] ?? Number.NaN];
    extremes.add(value, low, high, means === undefined ? undefined : floats(results[means]));
    if (ranges !== undefined) extremes.addChannels(value, floats(results[ranges.low]), floats(results[ranges.high]));
    if (strides.has(value)) continue;
    const dims = results[shape];
    strides.set(value, sampleStride(dims?.type === 'int64' ? Array.from(dims.data, Number) : []));
  }
}

function floats(tensor: Tensor | undefined): Float32Array {
  if (tensor?.type !== 'float32') throw new TypeError('the calibration graph gave something else than floats');
  return tensor.data;
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OrtAdapter } from '@takt/engine-ort';
import { BOX_TERMS, FAMILY_PIXELS, createPreprocessor } from '@takt/evaluation';
import { decodeImage, listImages } from '@takt/image-io';
import { inspectModel, parseModel, requireDetector, serializeModel } from '@takt/onnx';
import type { Detector, Model } from '@takt/onnx';
import { cutAt, findDetectConvs, fitHead, frontConvs, parseStatistics } from '@takt/quantization';
import type { ConvOutput, Cut, FittedHead, Statistics } from '@takt/quantization';
import type { Subject } from '../subjects.js';
import { runJob } from '../worker-job.js';

/** A detector with everything that its emitters want. */
export interface OpenedSubject {
  readonly folded: Model;
  readonly statistics: Statistics;
  readonly detector: Detector;
  readonly input: { readonly name: string; readonly width: number; readonly height: number };
  readonly head: FittedHead;
  /** Values of the last convolutions, in the order of the head. */
  readonly names: readonly string[];
  /** The float model, ending at them. */
  readonly cut: Model;
  /** Where the emitter for ONNX Runtime cuts. */
  readonly cutOptions: Cut;
  /** Values of the first convolutions, which that emitter leaves in float. */
  readonly front: readonly string[];
  readonly labelled: boolean;
  /** Input tensor of an image, a copy. */
  readonly load: (path: string) => Promise<Float32Array>;
}

/** The longer of the fronts that takt tries. */
const FRONT_LEVELS = 2;
const SAMPLE = 500;

export async function openSubject(subject: Subject, folder: string, engine: OrtAdapter): Promise<OpenedSubject> {
  const bytes = await readFile(subject.model);
  const detector = requireDetector(inspectModel(bytes));
  const { family, classes, imageSize } = detector;
  const input = { name: detector.input, ...imageSize };
  const out = join(folder, 'statistics.json');
  await runJob({ kind: 'calibrate', model: subject.model, calibration: subject.calibration, sample: SAMPLE, seed: 0, out }, folder);
  const statistics = parseStatistics(await readFile(out, 'utf8'));
  const folded = parseModel(await engine.optimize(bytes, 'basic', subject.name));
  const preprocess = createPreprocessor({
    decodeImage: (data) => decodeImage(data),
    model: { ...imageSize, inputType: 'float32', pixels: FAMILY_PIXELS[family] },
    clock: { monotonic: () => performance.now(), now: () => Date.now() },
  });
  const load = async (path: string): Promise<Float32Array> => Float32Array.from((await preprocess(await readFile(path))).tensor);

  const convs = findDetectConvs(folded).map((conv) => conv.output[0] ?? '');
  const [first = ''] = await listImages(subject.calibration);
  const session = await engine.loadBytes(serializeModel(cutAt(folded, [...convs, detector.output])), { intraOp: 0, spin: false }, 'head');
  const results = await session.run({
    [input.name]: { type: 'float32', data: await load(first), dims: [1, 3, input.height, input.width] },
  });
  const outputs = convs.map((name): ConvOutput => {
    const { dims, data } = floats(results[name]);
    const [, channels = 0, height = 0, width = 0] = dims;
    return { name, channels, height, width, data };
  });
  const fit = fitHead({ family, ...imageSize, classes }, outputs, floats(results[detector.output]));
  await session.release();
  if ('why' in fit) throw new Error(`the head of ${subject.name} is not cut: ${fit.why}`);
  const all = fit.scales.flatMap((scale) => scale.outputs);
  const names = all.map(({ name }) => name);
  return {
    folded,
    statistics,
    detector,
    input,
    head: fit,
    names,
    cut: cutAt(folded, names),
    cutOptions: {
      outputs: all.map(({ name, role, channels }) =>
        role === 'all'
          ? { name, columns: BOX_TERMS + 1 + classes, boxColumns: BOX_TERMS }
          : { name, columns: channels, boxColumns: role === 'box' ? channels : 0 },
      ),
    },
    front: frontConvs(folded, FRONT_LEVELS),
    labelled: subject.data !== null,
    load,
  };
}

function floats(tensor: { readonly type: string; readonly data: unknown; readonly dims: readonly number[] } | undefined): {
  readonly data: Float32Array;
  readonly dims: readonly number[];
} {
  if (!(tensor?.data instanceof Float32Array)) throw new TypeError('an output is not of floats');
  return { data: Float32Array.from(tensor.data), dims: tensor.dims };
}

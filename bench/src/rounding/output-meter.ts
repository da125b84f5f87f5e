import { readFile } from 'node:fs/promises';
import type { OrtAdapter } from '@takt/engine-ort';
import type { EngineSession } from '@takt/engines';
import { EVALUATION_THRESHOLDS, FAMILY_PIXELS, createDetector, evaluateCoco, labelPath, parseYoloLabels, toCoco } from '@takt/evaluation';
import type { Box, LabelledObject, NetworkOutputs } from '@takt/evaluation';
import { decodeImage } from '@takt/image-io';
import { serializeModel } from '@takt/onnx';
import type { Model } from '@takt/onnx';
import { audibleLogits, cellWeights, outputError } from '@takt/quantization';
import type { LogitScales } from '@takt/quantization';
import type { OpenedSubject } from './open-subject.js';

/** A model that ends at its last convolutions. */
export interface CutModel {
  readonly model: Model;
  /** In the order of the head; scales where the logits are integers of their own, or floats in their unit. */
  readonly outputs: readonly { readonly name: string; readonly scales: LogitScales | null }[];
}

export interface Measured {
  /** Weighted squared error of the logits of each image that shows an object. */
  readonly errors: readonly number[];
  /** mAP@0.5:0.95 in points, against labels; null where there are none. */
  readonly labelled: number | null;
  /** The same against what FP32 finds; null where it finds nothing. */
  readonly agreement: number | null;
}

/** What FP32 is this sure of has to be found again. */
const SURE = 0.25;
const CLOCK = { monotonic: () => performance.now(), now: () => Date.now() };

interface Seen {
  readonly boxes: readonly Box[];
  readonly width: number;
  readonly height: number;
  readonly logits: readonly Float32Array[];
}

/** Measures models beside FP32 on the held-out images of a subject. */
export async function openOutputMeter(subject: OpenedSubject, paths: readonly string[], engine: OrtAdapter): Promise<Meter> {
  const { detector, labelled } = subject;
  const names = Array.from({ length: detector.classes }, (_, i) => `class-${String(i)}`);
  const labels = labelled ? await Promise.all(paths.map((path) => labelsOf(path, names.length))) : null;
  const references: { readonly values: Float32Array; readonly weights: Float32Array }[][] = [];
  const own: LabelledObject[][] = [];
  await eachImage(
    subject,
    { model: subject.cut, outputs: subject.names.map((name) => ({ name, scales: null })) },
    paths,
    engine,
    (seen) => {
      references.push(referenceOf(subject, seen.logits));
      own.push(
        seen.boxes
          .filter(({ score }) => score >= SURE)
          .map(({ classId, x1, y1, x2, y2 }) => ({ classId, bbox: [x1, y1, x2 - x1, y2 - y1], unit: 'pixels', area: null, crowd: false })),
      );
    },
  );
  return async (cut) => {
    const errors: number[] = [];
    const found: Omit<Seen, 'logits'>[] = [];
    await eachImage(subject, cut, paths, engine, ({ logits, ...seen }) => {
      const reference = references[found.length] ?? [];
      if (reference.length > 0) errors.push(outputError(reference, audibleLogits(subject.head, subject.detector.classes, logits)));
      found.push(seen);
    });
    const points = (objects: readonly (readonly LabelledObject[])[]): number => {
      const images = found.map((each, image) => ({ ...each, objects: objects[image] ?? [] }));
      const { groundTruth, detections } = toCoco(images, names);
      return 100 * evaluateCoco(groundTruth, detections).map50_95;
    };
    return {
      errors,
      labelled: labels === null ? null : points(labels),
      agreement: own.some(({ length }) => length > 0) ? points(own) : null,
    };
  };
}

export type Meter = (cut: CutModel) => Promise<Measured>;

async function eachImage(
  { detector, input, head, names }: OpenedSubject,
  { model, outputs }: CutModel,
  paths: readonly string[],
  engine: OrtAdapter,
  visit: (seen: Seen) => void,
): Promise<void> {
  const session = await engine.loadBytes(serializeModel(model), { intraOp: 0, spin: false }, 'a measured model');
  try {
    let logits: readonly Float32Array[] = [];
    const infer = async (data: Float32Array | Uint8Array): Promise<NetworkOutputs> => {
      const given = await run(session, input, data, outputs);
      logits = given.map((output) => output.data);
      return given;
    };
    const scales = head.scales.map((scale) => ({
      ...scale,
      outputs: scale.outputs.map(({ role, name }) => ({ role, name, scale: null, zeroPoint: null })),
    }));
    const classNames = Array.from({ length: detector.classes }, String);
    const { detect } = createDetector({
      decodeImage: (bytes) => decodeImage(bytes),
      infer,
      clock: CLOCK,
      thresholds: EVALUATION_THRESHOLDS,
      model: {
        width: input.width,
        height: input.height,
        inputType: 'float32',
        names: classNames,
        family: detector.family,
        pixels: FAMILY_PIXELS[detector.family],
        head: { kind: 'logits', scales },
      },
    });
    for (const path of paths) {
      const { boxes, frameWidth, frameHeight } = await detect(await readFile(path));
      if (logits.length !== names.length) throw new RangeError('a model gave another number of outputs than its head has');
      visit({ boxes, width: frameWidth, height: frameHeight, logits });
    }
  } finally {
    await session.release();
  }
}

async function run(
  session: EngineSession,
  { name, width, height }: OpenedSubject['input'],
  data: Float32Array | Uint8Array,
  outputs: CutModel['outputs'],
): Promise<{ readonly data: Float32Array; readonly dims: readonly number[] }[]> {
  if (!(data instanceof Float32Array)) throw new TypeError('measured models take floats');
  const results = await session.run({ [name]: { type: 'float32', data, dims: [1, 3, height, width] } });
  return outputs.map((output) => {
    const result = results[output.name];
    if (result?.type !== 'float32' && result?.type !== 'uint8') throw new TypeError(`no logits "${output.name}"`);
    const { scales } = output;
    const plane = (result.dims[2] ?? 1) * (result.dims[3] ?? 1);
    const logits = Float32Array.from(result.data, (value, i) => {
      const channel = Math.floor(i / plane);
      return scales === null ? value : (scales.scale[channel] ?? 1) * (value - (scales.zeroPoint[channel] ?? 0));
    });
    return { data: logits, dims: result.dims };
  });
}

/** FP32's logits and how much each counts; none where the image shows no object. */
function referenceOf(
  subject: OpenedSubject,
  logits: readonly Float32Array[],
): { readonly values: Float32Array; readonly weights: Float32Array }[] {
  const { head, detector, input, names } = subject;
  const shapes = head.scales.flatMap(({ stride, outputs }) => outputs.map(({ channels }) => ({ stride, channels })));
  const outputs = logits.map((data, i) => {
    const { stride, channels } = shapes[i] ?? { stride: 1, channels: 1 };
    return { name: names[i] ?? '', channels, height: input.height / stride, width: input.width / stride, data };
  });
  const weights = cellWeights(head, detector.classes, outputs);
  const silent = weights.every((each) => each.every((weight) => weight === 1));
  return silent
    ? []
    : audibleLogits(subject.head, subject.detector.classes, logits).map((values, i) => ({ values, weights: weights[i] as Float32Array }));
}

async function labelsOf(image: string, classes: number): Promise<readonly LabelledObject[]> {
  const path = labelPath(image);
  return parseYoloLabels(await readFile(path, 'utf8'), classes, path);
}

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDurableFs } from '@takt/durable-fs';
import { createOrtAdapter } from '@takt/engine-ort';
import { FAMILY_PIXELS } from '@takt/evaluation';
import { checkModel, inspectModel, parseModel, requireDetector, serializeModel } from '@takt/onnx';
import type { Model } from '@takt/onnx';
import {
  WeightLimit,
  emitFp16,
  emitInt8,
  emitOpenvino,
  emitTensorrt,
  emitTensorrtCalibrated,
  emulateTensorrt,
  findDetectConvs,
  parseStatistics,
  validateFp16,
  validateMyriad,
  validateOnnxruntime,
  validateOpenvino,
  validateTensorrt,
} from '@takt/quantization';
import type { Statistics } from '@takt/quantization';
import { sampleCalibrationPath, sampleModelPath } from '@takt/sample-model';
import { tinyDetector } from '@takt/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calibrate } from '../src/calibrate/calibrate.js';
import { pickImages } from '../src/calibrate/calibration-images.js';
import { createLoadInput } from '../src/golden/load-input.js';
import { systemClock } from '../src/process/monotonic-clock.js';
import { sqnr } from './sqnr.js';

const reference = process.env['TAKT_REFERENCE_DIR'];
const neu = join(reference ?? '', 'data/neu-yolov5n');
const engine = createOrtAdapter();
const loadInput = createLoadInput(systemClock);
const { signal } = new AbortController();
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'takt-dialects-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Case {
  readonly name: string;
  readonly skip?: boolean;
  readonly model: () => Promise<Uint8Array>;
  readonly images: () => string;
  /** Least SQNR of the output against FP32's, in decibels, on one image; what was measured lies 2 or more above. */
  readonly int8: number;
  readonly fp16: number;
}

/** Measured with OpenVINO's, TensorRT's dialect and half precision: 52.8, 46.6, 72.4; 43.7, 35.2, 72.9; 50.3, 45.0, 71.6; 9.8, 6.9, 44.4. */
const cases: readonly Case[] = [
  { name: 'the tiny detector', model: () => Promise.resolve(tinyDetector()), images: sampleCalibrationPath, int8: 43, fp16: 65 },
  { name: 'the sample model', model: () => readFile(sampleModelPath()), images: sampleCalibrationPath, int8: 32, fp16: 65 },
  {
    name: 'the reference model of YOLOv5 (needs TAKT_REFERENCE_DIR)',
    skip: !reference,
    model: () => readFile(join(neu, 'model.onnx')),
    images: () => join(neu, 'calibration'),
    int8: 41,
    fp16: 65,
  },
  {
    name: 'the reference model of YOLOX (needs TAKT_REFERENCE_DIR)',
    skip: !reference,
    model: () => readFile(join(reference ?? '', 'data/models/yolox_nano.onnx')),
    images: () => join(neu, 'calibration'),
    // Poor: its activations lose what they lose in ONNX Runtime's dialect too (8.3 dB); with quantized weights alone it has 35.
    int8: 4.5,
    fp16: 40,
  },
];

describe.each(cases)('the dialects of $name', ({ name, skip = false, model, images, int8, fp16 }) => {
  let folded: Model;
  let statistics: Statistics;
  /** The last convolutions in float, as the targets are made. */
  let options: { readonly floatConvs: ReadonlySet<string> };
  let fp32: Float32Array;
  let run: (emitted: Model) => Promise<Float32Array>;

  beforeAll(async () => {
    if (skip) return;
    const bytes = await model();
    const path = join(folder, `${String(bytes.length)}.onnx`);
    await writeFile(path, bytes);
    const out = `${path}.json`;
    const deps = { engine, loadInput, fs: createDurableFs(), clock: systemClock };
    const job = { kind: 'calibrate', model: path, calibration: images(), sample: 8, seed: 7, out } as const;
    await calibrate(job, deps, () => undefined, signal);
    statistics = parseStatistics(await readFile(out, 'utf8'));
    folded = parseModel(await engine.optimize(bytes, 'basic', name));
    options = { floatConvs: new Set(findDetectConvs(folded).map(({ output }) => output[0] ?? '')) };
    const detector = requireDetector(inspectModel(bytes));
    const { width, height } = detector.imageSize;
    const [image = ''] = (await pickImages(images(), 1, 7, signal)).paths;
    const data = await loadInput(image, { width, height, pixels: FAMILY_PIXELS[detector.family], normalization: null });
    run = async (emitted) => {
      const file = serializeModel(emitted);
      checkModel(parseModel(file));
      const session = await engine.loadBytes(file, { intraOp: 1, spin: false }, name);
      try {
        const results = await session.run({ [detector.input]: { type: 'float32', data, dims: [1, 3, height, width] } });
        return Float32Array.from(Object.values(results)[0]?.data as Float32Array);
      } finally {
        await session.release();
      }
    };
    fp32 = await run(folded);
  });

  it.skipIf(skip)('OpenVINO: valid, and close to FP32', async () => {
    const emitted = emitOpenvino(folded, statistics, options).model;
    expect(validateOpenvino(emitted)).toEqual([]);
    expect(sqnr(fp32, await run(emitted))).toBeGreaterThan(int8);
  });

  it.skipIf(skip)('TensorRT: valid, close to FP32, and the emulation gives what the file gives', async () => {
    const emitted = emitTensorrt(folded, statistics, options).model;
    expect(validateTensorrt(emitted)).toEqual([]);
    const emulated = await run(emulateTensorrt(folded, statistics, options).model);
    expect(sqnr(fp32, emulated)).toBeGreaterThan(int8);
    expect(sqnr(emulated, await run(emitted))).toBeGreaterThan(60);
  });

  it.skipIf(skip)('TensorRT with a cache: the FP32 model gives what it gave', async () => {
    const emitted = emitTensorrtCalibrated(folded, statistics, options).model;
    expect(validateTensorrt(emitted)).toEqual([]);
    expect(sqnr(fp32, await run(emitted))).toBeGreaterThan(100);
  });

  it.skipIf(skip)('half precision: valid for all its readers, and close to FP32', async () => {
    const { model: emitted, clipped, raised } = emitFp16(folded);
    expect([validateFp16(emitted), validateMyriad(emitted), clipped, raised]).toEqual([[], [], [], []]);
    expect(sqnr(fp32, await run(emitted))).toBeGreaterThan(fp16);
  });

  it.skipIf(skip)('ONNX Runtime: valid', () => {
    const emitted = emitInt8(folded, statistics, { ...options, weightLimit: WeightLimit.sevenBit }).model;
    expect(validateOnnxruntime(emitted, { saturates: true })).toEqual([]);
  });
});

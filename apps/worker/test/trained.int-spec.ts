import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDurableFs } from '@takt/durable-fs';
import { createOrtAdapter } from '@takt/engine-ort';
import { silentLogger } from '@takt/kernel';
import { serializeModel } from '@takt/onnx';
import { emulateTensorrt, parseStatistics } from '@takt/quantization';
import type { Statistics } from '@takt/quantization';
import { sampleCalibrationPath, sampleTrainedModelPath } from '@takt/sample-model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pickImages } from '../src/calibrate/calibration-images.js';
import { calibrate } from '../src/calibrate/calibrate.js';
import { openEmitParts } from '../src/emit/emit-parts.js';
import type { EmitParts } from '../src/emit/emit-parts.js';
import { emitRecipe, ownBase } from '../src/emit/emit-recipe.js';
import { dialectBase, layersOf } from '../src/emit/model-source.js';
import { digestOf, saveInto } from '../src/golden/digest.js';
import { placeInputModel, readInputModel } from '../src/golden/input-model.js';
import type { InputModel } from '../src/golden/input-model.js';
import { createLoadInput } from '../src/golden/load-input.js';
import { systemClock } from '../src/process/monotonic-clock.js';
import { sqnr } from './sqnr.js';

const IMAGES = 8;
const engine = createOrtAdapter();
const loadInput = createLoadInput(systemClock);
const { signal } = new AbortController();
const progress = (): void => undefined;
let folder = '';
let model: InputModel;
let parts: EmitParts;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'takt-trained-'));
  const fs = createDurableFs();
  const statistics = join(folder, 'statistics.json');
  const job = {
    kind: 'calibrate',
    model: sampleTrainedModelPath(),
    calibration: sampleCalibrationPath(),
    sample: IMAGES,
    seed: 0,
  } as const;
  await calibrate({ ...job, out: statistics }, { engine, loadInput, fs, clock: systemClock }, progress, signal);
  model = await readInputModel(sampleTrainedModelPath());
  const context = { fs, clock: systemClock, progress, signal, logger: silentLogger };
  parts = await openEmitParts(model, { statistics, calibration: null }, [], context);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function outputOf(bytes: Uint8Array, image: string): Promise<Float32Array> {
  const { input, outputs } = model;
  const session = await engine.loadBytes(bytes, { intraOp: 1, spin: false }, 'the model');
  const data = await loadInput(image, input);
  const results = await session.run({ [input.name]: { type: 'float32', data, dims: [1, 3, input.height, input.width] } });
  await session.release();
  return results[outputs[0] ?? '']?.data as Float32Array;
}

it('is imported as a float model whose scales all become statistics', async () => {
  const { statistics, source } = parts;
  const { trained } = model;
  if (trained === null) throw new Error('nothing was read from training');
  expect([trained.ranges.size, trained.weights.size]).toEqual([78, 60]);
  expect([...trained.ranges.keys()].filter((value) => !(value in statistics.values))).toEqual([]);
  for (const [value, { high }] of trained.ranges) expect(statistics.values[value]?.amax).toBeGreaterThanOrEqual(high);
  expect(Object.keys(statistics.trained?.weightScales ?? {})).toHaveLength(60);
  expect(statistics.model).toBe(digestOf(await readFile(sampleTrainedModelPath())));
  expect(source.folded.graph.node.some(({ opType }) => opType?.endsWith('quantizeLinear') === true || opType === 'QuantizeLinear')).toBe(
    false,
  );
  expect('why' in source.head).toBe(false);
});

it('gives what the Q and DQ nodes of its training gave, closer than calibration alone would', async () => {
  const { statistics, source } = parts;
  const emulated = (given: Statistics): Uint8Array =>
    serializeModel(emulateTensorrt(source.folded, given, { floatConvs: new Set(dialectBase(source, given)) }).model);
  const { trained, ...rest } = statistics;
  expect(trained).toBeDefined();
  const [image = ''] = (await pickImages(sampleCalibrationPath(), 1, 3, signal)).paths;
  const wanted = await outputOf(await readFile(sampleTrainedModelPath()), image);
  const float = sqnr(wanted, await outputOf(model.bytes, image));
  const withScales = sqnr(wanted, await outputOf(emulated(statistics), image));
  const searchedWeights = sqnr(wanted, await outputOf(emulated(rest), image));
  expect(withScales).toBeGreaterThan(searchedWeights);
  expect(withScales).toBeGreaterThan(float - 3);
});

it('runs in integers on ONNX Runtime, with the rounding of its training', async () => {
  const { statistics, source } = parts;
  const emitted = await emitRecipe({ source, recipe: 'int8', statistics, sevenBitWeights: false, engine });
  expect(emitted.audit).toMatchObject({ fused: true, unfused: [] });
  expect(layersOf(source, ownBase(source, statistics))).toHaveLength(58);
});

it('keeps in float what training left in float', () => {
  const { statistics, source } = parts;
  const [first = '', ...others] = Object.entries(statistics.trained?.weightScales ?? {})
    .slice(20)
    .map(([conv]) => conv);
  const weightScales = Object.fromEntries(Object.entries(statistics.trained?.weightScales ?? {}).filter(([conv]) => conv !== first));
  const layers = layersOf(source, ownBase(source, { ...statistics, trained: { weightScales } }));
  expect(layers).not.toContain(first);
  expect(layers).toContain(others[0]);
});

it('is compared with its float model, which lies where the engine can load it', async () => {
  const placed = await placeInputModel(model, saveInto(folder));
  expect(placed.path).not.toBe(model.path);
  expect(digestOf(await readFile(placed.path))).toBe(digestOf(model.bytes));
  expect(parseStatistics(JSON.stringify(parts.statistics)).model).toBe(placed.digest);
});

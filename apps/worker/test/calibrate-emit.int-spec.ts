import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDurableFs } from '@takt/durable-fs';
import { createOrtAdapter } from '@takt/engine-ort';
import { FAMILY_PIXELS, SERVING_THRESHOLDS, createDetector } from '@takt/evaluation';
import type { Box } from '@takt/evaluation';
import { decodeImage } from '@takt/image-io';
import { inspectModel, parseModel } from '@takt/onnx';
import { detectorModel, inferWith, portsOf, parseStatistics, readArtifactDetector } from '@takt/quantization';
import { sampleCalibrationPath, sampleFramesPath, sampleModelPath } from '@takt/sample-model';
import { silentLogger } from '@takt/kernel';
import { tinyDetector } from '@takt/testing';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calibrate } from '../src/calibrate/calibrate.js';
import type { CalibrateDeps } from '../src/calibrate/calibrate.js';
import { openEmitParts } from '../src/emit/emit-parts.js';
import type { StatisticsSources } from '../src/emit/emit-parts.js';
import { emitRecipe } from '../src/emit/emit-recipe.js';
import type { EmitRequest } from '../src/emit/emit-recipe.js';
import { readInputModel } from '../src/golden/input-model.js';
import { createLoadInput } from '../src/golden/load-input.js';
import { systemClock } from '../src/process/monotonic-clock.js';

const IMAGES = 6;
const modelBytes = tinyDetector();
const engine = createOrtAdapter();
const quiet = (): void => undefined;
const { signal } = new AbortController();
let folder = '';
let deps: CalibrateDeps;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'takt-calibrate-'));
  deps = { engine, loadInput: createLoadInput(systemClock), fs: createDurableFs(), clock: systemClock };
  await writeFile(join(folder, 'model.onnx'), modelBytes);
  for (let i = 0; i < IMAGES; i++) {
    const data = Uint8Array.from({ length: 96 * 64 * 3 }, (_, at) => (at * (i + 3) * 7) % 256);
    await sharp(data, { raw: { width: 96, height: 64, channels: 3 } })
      .png()
      .toFile(join(folder, `image-${String(i)}.png`));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const job = (out: string, sample = IMAGES): Parameters<typeof calibrate>[0] => ({
  kind: 'calibrate',
  model: join(folder, 'model.onnx'),
  calibration: folder,
  sample,
  seed: 7,
  out: join(folder, out),
});

/** What an artifact of a model file is made of, calibrated on a folder of images. */
async function requestFor(model: string, sources: StatisticsSources, changes: Partial<EmitRequest> = {}): Promise<EmitRequest> {
  const context = { fs: deps.fs, clock: systemClock, progress: quiet, signal, logger: silentLogger };
  const { source, statistics } = await openEmitParts(await readInputModel(model), sources, [], context);
  return { source, recipe: 'int8', statistics, sevenBitWeights: false, engine, ...changes };
}

const request = (changes: Partial<EmitRequest> = {}): Promise<EmitRequest> =>
  requestFor(join(folder, 'model.onnx'), { statistics: null, calibration: folder }, changes);

describe('calibrate', () => {
  it('writes a statistics file, the same bytes each time', async () => {
    const phases = new Map<string, number>();
    const result = await calibrate(job('a.json'), deps, ({ phase, done }) => phases.set(phase, done), signal);
    expect(result).toMatchObject({ kind: 'calibrate', images: IMAGES, statistics: join(folder, 'a.json') });
    expect([...phases]).toEqual([['ranges', IMAGES]]);
    const statistics = parseStatistics(await readFile(join(folder, 'a.json'), 'utf8'));
    expect(Object.keys(statistics.values)).toHaveLength(result.tensors);
    expect(statistics.calibration).toMatchObject({ images: IMAGES, of: IMAGES, sample: IMAGES, seed: 7 });
    expect(statistics.values['images']).toMatchObject({ low: 0, high: 1 });
    await calibrate(job('b.json'), deps, quiet, signal);
    expect(await readFile(join(folder, 'b.json'), 'utf8')).toBe(await readFile(join(folder, 'a.json'), 'utf8'));
  });

  it('samples', async () => {
    expect((await calibrate(job('few.json', 2), deps, quiet, signal)).images).toBe(2);
  });

  it('stops when cancelled and leaves no file', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const onProgress = ({ phase, done }: { phase: string; done: number }): void => {
      if (phase === 'ranges' && done === 1) controller.abort(reason);
    };
    await expect(calibrate(job('cancelled.json'), deps, onProgress, controller.signal)).rejects.toBe(reason);
    await expect(readFile(join(folder, 'cancelled.json'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('emitRecipe', () => {
  const output = async (bytes: Uint8Array): Promise<Float32Array> => {
    const session = await engine.loadBytes(bytes, { intraOp: 1, spin: false }, 'artifact');
    const data = await deps.loadInput(join(folder, 'image-1.png'), {
      width: 64,
      height: 64,
      pixels: FAMILY_PIXELS.yolov5,
      normalization: null,
    });
    const results = await session.run({ images: { type: 'float32', data, dims: [1, 3, 64, 64] } });
    await session.release();
    return results['output0']?.data as Float32Array;
  };
  const meanDifference = (a: Float32Array, b: Float32Array): number =>
    a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / a.length;

  it.each([
    [false, 127],
    [true, 64],
  ])('makes int8 that fuses and agrees with the model (7 bit: %s)', async (sevenBitWeights) => {
    const emitted = await emitRecipe(await request({ sevenBitWeights }));
    expect(emitted.audit).toMatchObject({ fused: true, unfused: [] });
    expect(emitted.audit.integerConvs).toBe(emitted.audit.expectedConvs);
    expect(inspectModel(emitted.bytes)).toMatchObject({ names: ['class-0', 'class-1'], detector: { family: 'yolov5', predictions: 252 } });
    expect(emitted.bytes.length).toBeLessThan(modelBytes.length);
    expect(meanDifference(await output(emitted.bytes), await output(modelBytes))).toBeLessThan(0.02);
    const again = await emitRecipe(await request({ sevenBitWeights }));
    expect(Buffer.compare(again.bytes, emitted.bytes)).toBe(0);
  });

  it('writes the same integers as operators of ONNX Runtime alone', async () => {
    const asked = await request();
    const pairs = await emitRecipe(asked);
    const { bytes, audit, notes } = await emitRecipe({ ...asked, format: 'qoperator' });
    const operators = parseModel(bytes).graph.node;
    expect(operators.filter(({ opType }) => opType === 'QLinearConv')).toHaveLength(audit.expectedConvs);
    // Only where pixels and float parts begin and end.
    expect(operators.filter(({ opType }) => opType === 'QuantizeLinear' || opType === 'DequantizeLinear').length).toBeLessThan(5);
    expect(
      parseModel(bytes)
        .opsetImport.map(({ domain }) => domain ?? '')
        .sort(),
    ).toEqual(['', 'com.microsoft']);
    expect(audit.fused).toBe(true);
    expect(notes).toContain('in QOperator format, for ONNX Runtime alone');
    expect(await output(bytes)).toEqual(await output(pairs.bytes));
    expect(readArtifactDetector(bytes)).toEqual(readArtifactDetector(pairs.bytes));
    // Whoever gives it as a model to quantize is told what it is.
    const path = join(folder, 'qoperator.onnx');
    await writeFile(path, bytes);
    await expect(readInputModel(path)).rejects.toMatchObject({ code: 'ModelAlreadyQuantized' });
  });

  it('makes the library default, which ONNX Runtime does not fuse on SiLU', async () => {
    const { audit } = await emitRecipe(await request({ recipe: 'int8-library-default' }));
    expect(audit.fused).toBe(false);
    expect(audit.integerConvs).toBeLessThan(audit.expectedConvs / 2);
  });

  it('refuses statistics of another model, and none at all', async () => {
    const other = join(folder, 'other.onnx');
    await writeFile(other, tinyDetector({ seed: 2 }));
    await calibrate({ ...job('other.json', 1), model: other }, deps, quiet, signal);
    const model = join(folder, 'model.onnx');
    const open = (sources: StatisticsSources): Promise<EmitRequest> => requestFor(model, sources);
    await expect(open({ statistics: join(folder, 'other.json'), calibration: null })).rejects.toMatchObject({ code: 'StatisticsDoNotFit' });
    await expect(open({ statistics: join(folder, 'none.json'), calibration: null })).rejects.toMatchObject({
      code: 'StatisticsUnreadable',
    });
    await expect(open({ statistics: null, calibration: null })).rejects.toMatchObject({ code: 'CalibrationMissing' });
  });
});

describe('a detector that is cut at its head', () => {
  /** Boxes of an artifact on the first images of the sample set. */
  const boxes = async (bytes: Uint8Array): Promise<readonly Box[][]> => {
    const artifact = readArtifactDetector(bytes);
    const session = await engine.loadBytes(bytes, { intraOp: 1, spin: false }, 'artifact');
    const detector = createDetector({
      decodeImage: (image) => decodeImage(image, 'an image'),
      infer: inferWith(session, portsOf(artifact)),
      model: detectorModel(artifact),
      thresholds: SERVING_THRESHOLDS,
      clock: systemClock,
    });
    const images = (await readdir(sampleFramesPath())).sort().slice(0, 16);
    const found: Box[][] = [];
    for (const image of images) found.push([...(await detector.detect(await readFile(join(sampleFramesPath(), image)))).boxes]);
    await session.release();
    return found;
  };
  const overlap = (a: Box, b: Box): number => {
    const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
    const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
    const shared = Math.max(0, width) * Math.max(0, height);
    return shared / ((a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - shared);
  };

  let sampleRequest: EmitRequest;
  beforeAll(async () => {
    const statistics = join(folder, 'sample.json');
    const images = { model: sampleModelPath(), calibration: sampleCalibrationPath(), sample: 24, out: statistics };
    await calibrate({ ...job('sample.json'), ...images }, deps, quiet, signal);
    sampleRequest = await requestFor(sampleModelPath(), { statistics, calibration: null });
  });

  it.each([
    ['integer logits', ['uint8', 'uint8', 'uint8'], 0],
    ['integer and float logits', ['uint8', 'uint8', 'float32'], 1],
    ['float logits', ['float32', 'float32', 'float32'], 3],
  ])('finds what the model finds, from image bytes, with %s', async (words, types, reverted) => {
    const sample = await readFile(sampleModelPath());
    const emitted = await emitRecipe({ ...sampleRequest, reverted: sampleRequest.source.detectConvs.slice(0, reverted) });
    expect(emitted.notes.join('; ')).toContain(words);
    expect(emitted.audit).toMatchObject({ fused: true, unfused: [] });
    const inspection = inspectModel(emitted.bytes);
    expect(inspection.inputs.map((input) => input.type)).toEqual(['uint8']);
    expect(inspection.outputs.map((output) => output.type)).toEqual(types);
    const artifact = readArtifactDetector(emitted.bytes);
    expect(artifact.description).toMatchObject({ family: 'yolov5', width: 320, height: 320, head: { kind: 'logits' } });
    expect(artifact.names).toEqual(readArtifactDetector(sample).names);
    const [theirs, ours] = [await boxes(sample), await boxes(emitted.bytes)];
    const sure = theirs.map((found) => found.filter(({ score }) => score > 0.5));
    const seen = sure.map((found, image) =>
      found.filter((box) => ours[image]?.some((other) => other.classId === box.classId && overlap(other, box) > 0.8)),
    );
    expect(sure.flat().length).toBeGreaterThan(10);
    expect(seen.flat().length / sure.flat().length).toBeGreaterThanOrEqual(0.95);
  });
});

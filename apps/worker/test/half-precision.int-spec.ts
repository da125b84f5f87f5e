import { createOrtAdapter } from '@takt/engine-ort';
import { importModel, inspectModel, parseModel, serializeModel } from '@takt/onnx';
import type { Model } from '@takt/onnx';
import { emitFp16, parseStatistics } from '@takt/quantization';
import { sampleCalibrationPath, sampleModelPath } from '@takt/sample-model';
import { tinyDetector } from '@takt/testing';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../src/golden/digest.js';
import { readInputModel } from '../src/golden/input-model.js';
import { removeFolder, resultOf, runWorker, scratchFolder, smallGolden } from './worker-process.js';

/** Labelled images, and how far mAP may differ on them: measured 0.0054 behind Casts on 16, 0.0022 on all 64. */
const [IMAGES, CLOSE] = process.env['TAKT_PROVE'] === '1' ? [64, 0.005] : [16, 0.01];

/** The sample detector in half precision, in both forms that converters write: behind Casts, and float16 throughout. */
describe('models in half precision', () => {
  let folder = '';
  let behindCasts = '';
  let throughout = '';
  /** A detector of a few layers, float16 throughout. */
  let tiny = '';
  let golden = '';

  beforeAll(async () => {
    folder = await scratchFolder();
    golden = await smallGolden(folder, IMAGES);
    const foldedOf = async (bytes: Uint8Array): Promise<Model> =>
      parseModel(await createOrtAdapter().optimize(bytes, 'basic', 'the model'));
    const folded = await foldedOf(await readFile(sampleModelPath()));
    behindCasts = join(folder, 'behind-casts.onnx');
    throughout = join(folder, 'throughout.onnx');
    await writeFile(behindCasts, serializeModel(emitFp16(folded).model));
    tiny = join(folder, 'tiny.onnx');
    await writeFile(
      tiny,
      serializeModel(emitFp16(await foldedOf(tinyDetector({ classes: 6, named: false })), { halfInterface: true }).model),
    );
    await writeFile(throughout, serializeModel(emitFp16(folded, { halfInterface: true }).model));
  });
  afterAll(() => removeFolder(folder));

  it('are imported as the same detector in float32', async () => {
    const sample = await readInputModel(sampleModelPath());
    for (const file of [behindCasts, throughout]) {
      const model = await readInputModel(file);
      expect(model).toMatchObject({
        changed: 'its half-precision values are in float32',
        detector: sample.detector,
        names: sample.names,
        digest: digestOf(readFileSync(file)),
      });
      const { inputs, outputs, nodesByOp } = inspectModel(model.bytes);
      expect([inputs[0]?.type, outputs[0]?.type, nodesByOp['Cast'] ?? 0]).toEqual(['float32', 'float32', 0]);
    }
    const forms = [behindCasts, throughout].map((file) => parseModel(importModel(readFileSync(file)).bytes).graph);
    expect(forms[0]?.node.map(({ opType }) => opType)).toEqual(forms[1]?.node.map(({ opType }) => opType));
  });

  it('are evaluated and timed like any other', async () => {
    const evaluate = async (model: string): Promise<{ map50: number; map50_95: number; detections: number }> => {
      const result = resultOf(await runWorker(folder, { kind: 'evaluate', of: 'model', model, data: golden, threads: 1 }));
      if (result.kind !== 'evaluate') throw new Error(`a result of ${result.kind}`);
      return result;
    };
    const [full, casts, through] = [await evaluate(sampleModelPath()), await evaluate(behindCasts), await evaluate(throughout)];
    for (const half of [casts, through]) {
      expect(Math.abs(half.map50_95 - full.map50_95)).toBeLessThan(CLOSE);
      expect(Math.abs(half.map50 - full.map50)).toBeLessThan(CLOSE);
    }
    const models = [sampleModelPath(), behindCasts, throughout];
    const timed = resultOf(await runWorker(folder, { kind: 'benchmark', models, threads: [1], rounds: 1, iterations: 2 }));
    expect(timed.kind === 'benchmark' && timed.rows.map(({ model }) => model)).toEqual(models);
  });

  it('give the statistics of the model in full precision, under their own digest', async () => {
    const calibrate = async (model: string, name: string): Promise<ReturnType<typeof parseStatistics>> => {
      const out = join(folder, name);
      resultOf(await runWorker(folder, { kind: 'calibrate', model, calibration: sampleCalibrationPath(), sample: 4, seed: 1, out }));
      return parseStatistics(await readFile(out, 'utf8'));
    };
    const full = await calibrate(sampleModelPath(), 'full.json');
    const half = await calibrate(throughout, 'half.json');
    expect(half.model).toBe(digestOf(readFileSync(throughout)));
    const common = Object.keys(full.values).filter((name) => half.values[name] !== undefined);
    expect(common.length).toBeGreaterThan(50);
    expect(common).toHaveLength(Object.keys(full.values).length);
    for (const name of common) {
      const [a, b] = [full.values[name], half.values[name]];
      if (a === undefined || b === undefined) throw new Error(name);
      const width = a.max - a.min;
      expect(Math.abs(a.min - b.min) / width, name).toBeLessThan(0.02);
      expect(Math.abs(a.max - b.max) / width, name).toBeLessThan(0.02);
    }
  });

  it('are built into artifacts whose FP32 is the converted model', async () => {
    const outDir = join(folder, 'build');
    const build = {
      kind: 'build',
      model: tiny,
      statistics: null,
      calibration: join(folder, 'golden/images'),
      golden,
      recipes: ['fp32', 'int8'],
      threads: [1],
      accuracyBudgetPoints: 100,
      buildCheckWaived: true,
      frames: 2,
      outDir,
    };
    const result = resultOf(await runWorker(folder, build));
    if (result.kind !== 'build') throw new Error(`a result of ${result.kind}`);
    expect(result.candidates.map(({ recipe }) => recipe)).toEqual(expect.arrayContaining(['fp32', 'int8']));
    expect(inspectModel(await readFile(result.artifactPath)).inputs[0]?.type).toMatch(/^(?:float32|uint8)$/);
  });
});

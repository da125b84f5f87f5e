import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readFileSync } from 'node:fs';
import { listImages } from '@takt/image-io';
import { floatTensor, inspectModel } from '@takt/onnx';
import { sampleCalibrationPath, sampleGoldenPath, sampleModelPath } from '@takt/sample-model';
import { NetBuilder, imageClassifier, imageSegmenter } from '@takt/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { failureOf, removeFolder, resultOf, runWorker, scratchFolder } from './worker-process.js';

/** A classifier and a segmenter take the same way; what tries layer after layer is tried with both when proving. */
const prove = process.env['TAKT_PROVE'] === '1';
let folder = '';
let outDir = '';
/** Images that outputs are compared on: enough to tell how they vary. */
const IMAGES = 16;
beforeAll(async () => {
  folder = await scratchFolder();
  await mkdir(join(folder, 'images'));
  for (const path of (await listImages(sampleCalibrationPath())).slice(0, IMAGES))
    await copyFile(path, join(folder, 'images', basename(path)));
  // Networks of a fifth of a millisecond: which of two is faster on OpenVINO is chance, and nothing is timed on it here.
  vi.stubEnv('TAKT_OPENVINO_DIR', join(folder, 'no-openvino'));
  outDir = join(folder, 'out');
  await writeFile(join(folder, 'classifier.onnx'), imageClassifier());
  await writeFile(join(folder, 'segmenter.onnx'), imageSegmenter());
  await writeFile(join(folder, 'one-value.onnx'), imageClassifier({ classes: 1 }));
  await writeFile(join(folder, 'dead.onnx'), timesConstant(0));
  await writeFile(join(folder, 'overflowing.onnx'), timesConstant(Number.POSITIVE_INFINITY));
});
afterAll(() => {
  vi.unstubAllEnvs();
  return removeFolder(folder);
});

/** A network whose output is multiplied by a number. */
function timesConstant(factor: number): Uint8Array {
  const net = new NetBuilder(1);
  net.initializers.push(floatTensor('factor', [], Float32Array.of(factor)));
  const planes = net.plainConv(net.reluConv('images', 3, 8, 3, 2, 1), 8, 2, 3, 1, 1);
  const output = net.node('Mul', [net.node('Sigmoid', [planes]), 'factor'], {}, 'masks');
  return net.finish('times-constant', 64, [{ name: output, dims: [1, 2, 32, 32] }]);
}

const quantize = (model: string, changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  kind: 'quantize',
  model: join(folder, model),
  statistics: null,
  calibration: join(folder, 'images'),
  sample: 12,
  seed: 0,
  golden: null,
  family: 'generic',
  pixels: 'imagenet',
  accuracyBudgetPoints: 0.4,
  threads: [1],
  targets: ['onnxruntime', 'openvino', 'tensorrt', 'myriad'],
  outDir,
  ...changes,
});

describe.each([
  ['a classifier', 'classifier.onnx', ['logits']],
  ['a segmenter', 'segmenter.onnx', undefined],
])('%s', (_, model, outputs) => {
  it('gets files for every engine, steered by its outputs', async () => {
    const result = resultOf(await runWorker(folder, quantize(model)));
    if (result.kind !== 'quantize') throw new Error(result.kind);
    expect(result.fp32).toMatchObject({ map50: null, map50_95: null });
    expect(result.loss).toEqual({ by: 'outputs', budget: 10, images: IMAGES });
    for (const { lost } of Object.values(result.targets)) expect(lost).toBeLessThan(10);
    const report = readFileSync(join(outDir, 'report.md'), 'utf8');
    expect(report).toMatch(/outputs are compared with FP32's on \d+ calibration images/);
    expect(report).toContain('| outputs off by, % |');
    expect(result.targets['openvino']).toMatchObject({ precision: 'int8', reason: expect.stringContaining("% off FP32's") as string });
    expect(result.targets['tensorrt']).toMatchObject({ precision: 'int8', reason: expect.stringContaining("% off FP32's") as string });
    expect(result.targets['myriad']?.precision).toBe('fp16');
    // A quick network may be as fast in float on this host; that it could be made in integers is what counts here.
    expect(result.targets['onnxruntime']?.reason).not.toContain('no INT8 variant could be made');
    const int8 = /INT8 with \d-bit weights\*{0,2} \| 1 \| .* \| ([\d.]+) \|$/m.exec(report);
    expect(Number(int8?.[1])).toBeLessThan(10);
    const given = inspectModel(readFileSync(join(outDir, 'openvino.onnx')));
    expect(given.outputs.map(({ name }) => name)).toEqual(
      outputs ?? inspectModel(readFileSync(join(folder, model))).outputs.map(({ name }) => name),
    );
  });

  it('is timed', async () => {
    const job = { kind: 'benchmark', models: [join(folder, model)], threads: [1], rounds: 1, iterations: 2 };
    const result = resultOf(await runWorker(folder, job));
    expect(result.kind === 'benchmark' && result.rows[0]?.medianMs).toBeGreaterThan(0);
  });
});

describe('where the outputs may not differ at all', () => {
  it.each(prove ? ['classifier.onnx', 'segmenter.onnx'] : ['classifier.onnx'])(
    '%s stays in half precision or float, with the layers that it comes from',
    async (model) => {
      const result = resultOf(await runWorker(folder, quantize(model, { outputBudgetPercent: 0, targets: ['openvino'] })));
      if (result.kind !== 'quantize') throw new Error(result.kind);
      expect(result.targets['onnxruntime']).toMatchObject({ precision: 'fp32' });
      expect(result.targets['openvino']).toMatchObject({
        precision: 'fp16',
        reason: expect.stringMatching(/most of the error comes from/) as string,
      });
    },
  );
});

const errorOf = async (job: unknown): Promise<unknown> => {
  const last = (await runWorker(folder, job)).messages.at(-1);
  return last?.type === 'error' ? last.error : last;
};

describe('what outputs tell', () => {
  it('is how a single value varies over the images', async () => {
    const result = resultOf(await runWorker(folder, quantize('one-value.onnx', { targets: ['openvino'] })));
    if (result.kind !== 'quantize') throw new Error(result.kind);
    expect(result.targets['openvino']).toMatchObject({
      precision: 'int8',
      reason: expect.stringMatching(/outputs \d+\.\d+ % off/) as string,
    });
  });

  it.each([
    ['dead.onnx', 'OutputsDoNotVary', 'dead.onnx'],
    ['overflowing.onnx', 'OutputNotFinite', 'masks'],
  ])('is nothing for %s', async (model, code, element) => {
    expect(await errorOf(quantize(model))).toMatchObject({ code, element });
  });
});

describe('what a model is taken for', () => {
  it('is said where it is no detector', async () => {
    const error = await failureOf(quantize('classifier.onnx', { family: 'auto' }));
    expect(error).toMatchObject({ code: 'OnnxNotADetector', action: expect.stringContaining('--family generic') as string });
  });

  it('has to be what its outputs say', async () => {
    const error = await failureOf(quantize('', { model: sampleModelPath(), family: 'yolox' }));
    expect(error).toMatchObject({ code: 'FamilyDiffers', message: expect.stringContaining('yolov5, not of yolox') as string });
  });

  it('cannot be measured with boxes where it is no detector', async () => {
    const error = await failureOf(quantize('classifier.onnx', { golden: sampleGoldenPath() }));
    expect(error).toMatchObject({ code: 'LabelsNotUsable', element: 'classifier.onnx' });
  });
});

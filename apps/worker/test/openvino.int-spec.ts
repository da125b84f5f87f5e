import { findOpenVino, installOpenVino, openVinoFolders } from '@takt/engine-openvino';
import { EngineName } from '@takt/engines';
import type { Tensor } from '@takt/engines';
import { sampleModelPath } from '@takt/sample-model';
import { tinyDetector } from '@takt/testing';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../src/host/create-engine.js';
import { removeFolder, resultOf, runWorker, scratchFolder, smallGolden } from './worker-process.js';

const named = process.env['TAKT_OPENVINO_DIR'];
const folders = openVinoFolders(named);
/** Why OpenVINO cannot be had here; it is fetched once into the toolchain folder of this checkout. */
const why = await (async (): Promise<string | undefined> => {
  try {
    if ((await findOpenVino(folders)) === undefined) await installOpenVino({ folders, env: process.env });
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
})();

let folder: string;
beforeAll(async () => {
  folder = await scratchFolder();
});
afterAll(() => removeFolder(folder));

/** What an engine makes of the same texture. */
async function outputOf(engine: EngineName, model: string): Promise<Tensor> {
  const session = await createEngine(engine, named).load(model, { intraOp: 1, spin: false });
  const { name = '', dims = [] } = session.inputs[0] ?? {};
  const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 2_654_435_761) >>> 24) / 255);
  const outputs = await session.run({ [name]: { type: 'float32', data, dims } });
  await session.release();
  return outputs[session.outputs[0]?.name ?? ''] as Tensor;
}

describe.skipIf(why !== undefined)(`OpenVINO${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  it('computes what ONNX Runtime computes, of the sample detector and of one with random weights', async () => {
    const tiny = join(folder, 'tiny.onnx');
    await writeFile(tiny, tinyDetector());
    for (const model of [sampleModelPath(), tiny]) {
      const [ours, theirs] = [await outputOf(EngineName.openvino, model), await outputOf(EngineName.onnxruntime, model)];
      expect(ours.dims).toEqual(theirs.dims);
      const worst = Array.from(theirs.data, Number).reduce(
        (most, want, i) => Math.max(most, Math.abs(Number(ours.data[i]) - want) / Math.max(1, Math.abs(want))),
        0,
      );
      // bfloat16, which OpenVINO takes by itself on CPUs that have it, is off by a hundredth.
      expect(worst).toBeLessThan(1e-3);
    }
  });

  it('times the file that was made for it, which has to be faster than FP32 on it', async () => {
    const golden = await smallGolden(folder, 4);
    const outDir = join(folder, 'quantized');
    await mkdir(outDir, { recursive: true });
    const tiny = join(folder, 'tiny-detector.onnx');
    await writeFile(tiny, tinyDetector({ size: 128, classes: 6, named: false }));
    const job = {
      kind: 'quantize',
      model: process.env['TAKT_PROVE'] === '1' ? sampleModelPath() : tiny,
      statistics: null,
      calibration: join(folder, 'golden/images'),
      sample: 4,
      seed: 0,
      golden,
      accuracyBudgetPoints: 100,
      threads: [1],
      targets: ['openvino'],
      outDir,
    };
    const result = resultOf(await runWorker(folder, job));
    if (result.kind !== 'quantize') throw new Error(result.kind);
    const { precision, latencyMs, reason } = result.targets['openvino'] ?? {};
    // Which of the two is faster is the host's business; that both were timed is what counts here.
    expect(reason).toMatch(
      /\d+\.\d\d× FP32 on the same engine \(\d+\.\d\d against \d+\.\d\d ms\)|INT8 is not faster than FP32 on OpenVINO here/,
    );
    if (precision === 'int8') expect(latencyMs).toBeGreaterThan(0);
    else expect(latencyMs).toBeNull();
  });

  it('is measured beside ONNX Runtime, each at the same threads against the first', async () => {
    const engines = ['onnxruntime', 'openvino'];
    const job = { kind: 'benchmark', models: [sampleModelPath()], engines, threads: [1, 2], rounds: 2, iterations: 2 };
    const result = resultOf(await runWorker(folder, job));
    if (result.kind !== 'benchmark') throw new Error(result.kind);
    expect(result.rows.map(({ engine, threads }) => [engine, threads])).toEqual([
      ['onnxruntime', 1],
      ['openvino', 1],
      ['onnxruntime', 2],
      ['openvino', 2],
    ]);
    expect(result.rows[0]?.ratioToFirst).toBe(1);
    expect(result.rows[2]?.ratioToFirst).toBe(1);
  });

  it('detects what ONNX Runtime detects', async () => {
    const data = await smallGolden(folder, 8);
    const job = { kind: 'evaluate', of: 'model', model: sampleModelPath(), data, threads: 1 };
    const ours = resultOf(await runWorker(folder, { ...job, engine: 'openvino' }));
    const theirs = resultOf(await runWorker(folder, job));
    if (ours.kind !== 'evaluate' || theirs.kind !== 'evaluate') throw new Error(ours.kind);
    expect(ours.images).toBe(8);
    expect(ours.map50_95).toBeCloseTo(theirs.map50_95, 3);
  });
});

it('says how to come by OpenVINO where there is none', async () => {
  const empty = join(folder, 'empty');
  await mkdir(empty, { recursive: true });
  const engine = createEngine(EngineName.openvino, empty);
  expect(await engine.availability()).toMatchObject({
    available: false,
    reason: expect.stringContaining('npm run engine:openvino') as string,
  });
});

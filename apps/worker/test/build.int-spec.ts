import { buildResultSchema } from '@takt/contracts';
import { parseModel } from '@takt/onnx';
import type { Model } from '@takt/onnx';
import { validateMyriad, validateOpenvino, validateTensorrt } from '@takt/quantization';
import { sampleCalibrationPath } from '@takt/sample-model';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { tinyDetector } from '@takt/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { removeFolder, resultOf, runWorker, scratchFolder, smallGolden } from './worker-process.js';

const IMAGES = 4;

/** One folder with a golden set and statistics for all tests; each writes into an output folder of its own. */
let folder: string;
let golden: string;
let statistics: string;
let outDir: string;
beforeAll(async () => {
  folder = await scratchFolder();
  // Whether this checkout has fetched OpenVINO meanwhile must not matter here: nothing is timed on it.
  vi.stubEnv('TAKT_OPENVINO_DIR', join(folder, 'no-openvino'));
  golden = await smallGolden(folder, IMAGES);
  statistics = join(folder, 'statistics.json');
  const job = { kind: 'calibrate', model: tinyModel(), calibration: sampleCalibrationPath(), sample: 4, seed: 1, out: statistics };
  expect(resultOf(await runWorker(folder, job))).toMatchObject({ kind: 'calibrate', statistics, images: 4 });
});
beforeEach(async () => {
  outDir = await mkdtemp(join(folder, 'out-'));
});
afterAll(() => {
  vi.unstubAllEnvs();
  return removeFolder(folder);
});

const buildJob = (changes: Record<string, unknown>): Record<string, unknown> => ({
  kind: 'build',
  model: tinyModel(),
  ...calibrating(),
  golden,
  recipes: ['fp32', 'int8'],
  threads: [1, 2],
  accuracyBudgetPoints: 100,
  buildCheckWaived: false,
  frames: 20,
  outDir,
  ...changes,
});

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** A model of a few layers with the classes of the golden set; it finds nothing. `plain`: fewer still, for what tries layer after layer. */
function tinyModel(plain = false): string {
  const path = join(folder, plain ? 'plain.onnx' : 'tiny.onnx');
  writeFileSync(path, tinyDetector({ size: 64, classes: 6, named: false, plain }));
  return path;
}
const calibrating = (): { statistics: null; calibration: string } => ({ statistics: null, calibration: join(folder, 'golden/images') });

describe('build', () => {
  it('measures every candidate, keeps one artifact and says why', async () => {
    // What a killed build leaves is not in the way.
    await mkdir(join(outDir, '.work-dead'), { recursive: true });
    await writeFile(join(outDir, '.work-dead/part.onnx'), 'x');
    await writeFile(join(outDir, '.build.json.x.takt-tmp'), 'x');
    const run = await runWorker(folder, buildJob({ statistics, calibration: null }));
    expect(run.exitCode).toBe(0);
    const result = buildResultSchema.parse(resultOf(run));
    expect(result.candidates.map(({ recipe, threads }) => [recipe, threads.intraOp])).toEqual([
      ['fp32', 1],
      ['fp32', 2],
      ['int8', 1],
      ['int8', 2],
    ]);
    expect(result.candidates.filter(({ verdict }) => verdict === 'chosen')).toHaveLength(1);
    for (const candidate of result.candidates) {
      expect(candidate.speed.frames).toBe(20);
      expect(candidate.accuracy.images).toBe(IMAGES);
      expect(candidate.reason).not.toBe('');
      expect(candidate.speed.p50Ms).toBeLessThanOrEqual(candidate.speed.p95Ms);
      expect(candidate.speed.inferenceMs).toBeLessThan(candidate.speed.p50Ms);
    }
    // Accuracy is measured once per artifact: every image for FP32, every image for INT8.
    const evaluated = run.messages.flatMap((message) =>
      message.type === 'progress' && message.phase === 'evaluate' ? [message.done] : [],
    );
    expect(Math.max(...evaluated)).toBe(2 * IMAGES);
    expect(result.fp32).toEqual(result.candidates[0]?.accuracy);
    const artifact = basename(result.artifactPath, '.onnx');
    expect(`sha256:${artifact}`).toBe(result.plan.artifact);
    expect(sha256(result.artifactPath)).toBe(artifact);
    expect(readdirSync(outDir).sort()).toEqual([basename(result.artifactPath), 'build.json'].sort());
    expect(JSON.parse(readFileSync(join(outDir, 'build.json'), 'utf8'))).toEqual(result);
  });

  it('keeps FP32 and says what INT8 loses when nothing may be lost', async () => {
    const model = tinyModel(true);
    const job = buildJob({ model, accuracyBudgetPoints: -100, threads: [1], frames: 10 });
    const result = buildResultSchema.parse(resultOf(await runWorker(folder, job)));
    expect(result.plan).toMatchObject({ recipe: 'fp32', precision: 'fp32', engine: 'onnxruntime', threads: { intraOp: 1, spin: false } });
    expect(`sha256:${sha256(model)}`).toBe(result.plan.artifact);
    expect(result.candidates[1]).toMatchObject({ recipe: 'int8', verdict: 'rejected' });
    expect(result.reason).toContain('points of mAP@0.5:0.95');
  });

  it('takes the wanted recipe when the build check is waived, and says what that costs', async () => {
    const job = buildJob({
      recipes: ['int8-library-default'],
      buildCheckWaived: true,
      accuracyBudgetPoints: 0,
      threads: 'library-default',
      frames: 10,
    });
    const result = buildResultSchema.parse(resultOf(await runWorker(folder, job)));
    expect(result.plan).toMatchObject({ recipe: 'int8-library-default', precision: 'int8', threads: { intraOp: 0, spin: true } });
    expect(result.candidates.map(({ recipe, verdict }) => [recipe, verdict])).toEqual([
      ['fp32', 'rejected'],
      ['int8-library-default', 'chosen'],
    ]);
    expect(result.reason).toMatch(/build check/);
  });

  it('refuses the same recipe without the waiver', async () => {
    const job = buildJob({ recipes: ['int8-library-default'], threads: [1], frames: 10 });
    const run = await runWorker(folder, job);
    expect(run.exitCode).toBe(1);
    expect(run.messages.at(-1)).toMatchObject({ type: 'error', error: { code: 'NoPlanAcceptable' } });
    expect(readdirSync(outDir)).toEqual([]);
  });

  it('refuses INT8 when neither statistics nor images are given', async () => {
    const run = await runWorker(folder, buildJob({ calibration: null, threads: [1], frames: 10 }));
    expect(run.exitCode).toBe(1);
    expect(run.messages.at(-1)).toMatchObject({ type: 'error', error: { code: 'CalibrationMissing' } });
  });

  it('quantizes from a statistics file', async () => {
    const job = {
      kind: 'quantize',
      model: tinyModel(),
      statistics,
      calibration: join(folder, 'golden/images'),
      sample: 4,
      seed: 1,
      golden: null,
      accuracyBudgetPoints: 100,
      outputBudgetPercent: 100,
      threads: [1],
      outDir,
    };
    const result = resultOf(await runWorker(folder, job));
    if (result.kind !== 'quantize') throw new Error(result.kind);
    expect(result.fp32).toMatchObject({ map50: null, map50_95: null });
    expect(result.targets['onnxruntime']).toMatchObject({ file: join(outDir, 'onnxruntime.onnx'), map50: null });
    expect(readdirSync(outDir).sort()).toEqual(['onnxruntime.onnx', 'report.md', 'statistics.json']);
    const text = readFileSync(join(outDir, 'report.md'), 'utf8');
    expect(text).toMatch(/\| \*{0,2}FP32\*{0,2} \| 1 \|/);
    expect(text).toMatch(/No labelled images were given: what FP32 finds on 4 calibration images/);
    expect(result.targets['onnxruntime']?.reason).toMatch(/finds \d+\.\d % of FP32's boxes again|no INT8 variant|not faster/);
    expect(sha256(join(outDir, 'statistics.json'))).toBe(sha256(statistics));
  });

  it('needs images to tell by what integers lose', async () => {
    const job = { kind: 'quantize', model: tinyModel(), statistics, calibration: null, sample: 4, seed: 1, golden: null };
    const run = await runWorker(folder, { ...job, accuracyBudgetPoints: 0.4, threads: [1], outDir });
    expect(run.messages.at(-1)).toMatchObject({ type: 'error', error: { code: 'ImagesMissing' } });
  });

  it('makes a file for each engine in its dialect, and none in integers for a stick that has no integers', async () => {
    const job = {
      kind: 'quantize',
      model: tinyModel(),
      ...calibrating(),
      sample: 4,
      seed: 1,
      golden,
      // Four images tell nothing of accuracy; the budget is not what is tested here.
      accuracyBudgetPoints: 100,
      threads: [1],
      targets: ['onnxruntime', 'openvino', 'tensorrt', 'myriad'],
      outDir,
    };
    const result = resultOf(await runWorker(folder, job));
    if (result.kind !== 'quantize') throw new Error(result.kind);
    // How many of the first convolutions are faster in float is measured, not known.
    expect(readFileSync(join(outDir, 'report.md'), 'utf8')).toMatch(
      /before any layer goes back: (the first (2 convolutions|convolution) in float \d+\.\d\d ms(, )?){2}/,
    );
    const { openvino, tensorrt, myriad } = result.targets;
    expect(openvino).toMatchObject({ file: join(outDir, 'openvino.onnx'), precision: 'int8', latencyMs: null });
    expect(tensorrt).toMatchObject({ file: join(outDir, 'tensorrt.onnx'), precision: 'int8', latencyMs: null });
    expect(myriad).toMatchObject({
      file: join(outDir, 'fp16.onnx'),
      precision: 'fp16',
      reason: expect.stringContaining('MYRIAD') as string,
    });
    const model = (name: string): Model => parseModel(readFileSync(join(outDir, name)));
    expect(validateOpenvino(model('openvino.onnx'))).toEqual([]);
    expect(validateTensorrt(model('tensorrt.onnx'))).toEqual([]);
    expect(validateMyriad(model('fp16.onnx'))).toEqual([]);
    // Every name of the cache is a value of the model that goes with it.
    const fp32 = model('tensorrt.fp32.onnx');
    const values = new Set(fp32.graph.node.flatMap((node) => node.output).concat(fp32.graph.input.map(({ name }) => name ?? '')));
    const [header, ...entries] = readFileSync(join(outDir, 'tensorrt.calib'), 'utf8').trimEnd().split('\n');
    expect(header).toBe('TRT-8501-EntropyCalibration2');
    expect(entries.length).toBeGreaterThan(20);
    expect(entries.filter((entry) => !values.has(entry.slice(0, entry.lastIndexOf(':'))))).toEqual([]);
    const flags = JSON.parse(readFileSync(join(outDir, 'tensorrt.flags.json'), 'utf8')) as { calibrated: string[] };
    const layers = /--layerPrecisions=(.*)/.exec(flags.calibrated.join(' '))?.[1]?.split(',') ?? [];
    expect(layers).toHaveLength(3);
    for (const layer of layers) expect(fp32.graph.node.some(({ name }) => `${name ?? ''}:fp16` === layer)).toBe(true);
    expect(readFileSync(join(outDir, 'report.md'), 'utf8')).toContain('| tensorrt | tensorrt.onnx | int8 |');
  });

  it('gives half precision where integers lose more than the budget, with the figures', async () => {
    const job = {
      kind: 'quantize',
      model: tinyModel(true),
      ...calibrating(),
      sample: 4,
      seed: 1,
      golden,
      // Nothing can gain so much.
      accuracyBudgetPoints: -100,
      threads: [1],
      targets: ['openvino'],
      outDir,
    };
    const result = resultOf(await runWorker(folder, job));
    if (result.kind !== 'quantize') throw new Error(result.kind);
    expect(result.targets['openvino']).toMatchObject({
      file: join(outDir, 'fp16.onnx'),
      precision: 'fp16',
      reason: expect.stringMatching(/FP16: INT8 loses .* of -100.00 allowed points/) as string,
    });
    expect(readdirSync(outDir).sort()).toEqual(['fp16.onnx', 'onnxruntime.onnx', 'report.md', 'statistics.json']);
  });

  it('benchmarks models against the first, per thread count', async () => {
    const job = { kind: 'benchmark', models: [tinyModel(), tinyModel()], threads: [1, 2], rounds: 2, iterations: 3 };
    const result = resultOf(await runWorker(folder, job));
    if (result.kind !== 'benchmark') throw new Error(result.kind);
    expect(result.rows.map(({ threads }) => threads)).toEqual([1, 1, 2, 2]);
    expect(result.rows[0]?.ratioToFirst).toBe(1);
    expect(result.rows[2]?.ratioToFirst).toBe(1);
    expect(result.rows.every(({ engine, medianMs, p95Ms }) => engine === 'onnxruntime' && medianMs > 0 && p95Ms >= medianMs)).toBe(true);
  });

  it('probes this box', async () => {
    const result = resultOf(await runWorker(folder, { kind: 'probe', dataDir: folder }));
    if (result.kind !== 'probe') throw new Error(result.kind);
    expect(result.facts.engines['onnxruntime']).toMatch(/^\d+\.\d+/);
    expect(result.fingerprint).not.toBe('');
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createOrtAdapter } from '@takt/engine-ort';
import { listImages } from '@takt/image-io';
import { serializeModel } from '@takt/onnx';
import { WeightLimit, cutAt, emitInt8, emitOpenvino, emulateTensorrt, sampleOf } from '@takt/quantization';
import type { EmittedModel } from '@takt/quantization';
import type { BenchRow } from './bench-result.js';
import { describeHost, resultLine } from './bench-result.js';
import { quantizedConvs, withFloatActivations, withFloatWeights } from './rounding/float-parts.js';
import type { QuantizedConv } from './rounding/float-parts.js';
import { openSubject } from './rounding/open-subject.js';
import type { OpenedSubject } from './rounding/open-subject.js';
import { openOutputMeter } from './rounding/output-meter.js';
import type { CutModel, Measured } from './rounding/output-meter.js';
import { PatchMoments, withPatches } from './rounding/patch-moments.js';
import { searchedWeights } from './rounding/searched-weights.js';
import { subjects } from './subjects.js';
import type { Subject } from './subjects.js';

/** Calibration images that the rounding is searched on; it is measured on others. */
const SEARCHED_IMAGES = 16;
const engine = createOrtAdapter();
const say = (text: string): void => void process.stdout.write(`${text}\n`);

interface Dialect {
  readonly name: string;
  readonly limit: WeightLimit;
  readonly emitted: EmittedModel;
}

function dialectsOf({ folded, statistics, names, front, cutOptions: cut }: OpenedSubject): readonly Dialect[] {
  const last = new Set(names);
  const { eightBit, sevenBit } = WeightLimit;
  const own = (weightLimit: WeightLimit): EmittedModel => emitInt8(folded, statistics, { weightLimit, floatConvs: new Set(front), cut });
  const openvino = (weightLimit: WeightLimit): EmittedModel => emitOpenvino(folded, statistics, { weightLimit, floatConvs: last });
  return [
    { name: 'ONNX Runtime, 8-bit weights', limit: eightBit, emitted: own(eightBit) },
    { name: 'ONNX Runtime, 7-bit weights', limit: sevenBit, emitted: own(sevenBit) },
    { name: 'OpenVINO, 8-bit weights', limit: eightBit, emitted: openvino(eightBit) },
    { name: 'OpenVINO, 7-bit weights', limit: sevenBit, emitted: openvino(sevenBit) },
    { name: 'TensorRT, emulated', limit: eightBit, emitted: emulateTensorrt(folded, statistics, { floatConvs: last }) },
  ];
}

/** What each convolution multiplies its weights with, on calibration images. */
async function momentsOf(subject: OpenedSubject, calibration: string, convs: readonly QuantizedConv[]): Promise<Map<string, PatchMoments>> {
  const { folded, input, load } = subject;
  const paths = sampleOf(await listImages(calibration), SEARCHED_IMAGES, 0);
  const dims = [1, 3, input.height, input.width];
  const planes = new Map<string, number>();
  const moments = new Map(convs.map(({ value, groups, size }) => [value, new PatchMoments(groups, size)]));
  const values = convs.map(({ value }) => value);
  const shapes = await engine.loadBytes(serializeModel(cutAt(folded, values)), { intraOp: 0, spin: false }, 'shapes');
  const first = await shapes.run({ [input.name]: { type: 'float32', data: await load(paths[0] ?? ''), dims } });
  for (const value of values)
    planes.set(
      value,
      (first[value]?.dims ?? []).slice(2).reduce((product, dim) => product * dim, 1),
    );
  await shapes.release();
  const { model, outputs } = withPatches(folded, convs, planes);
  const session = await engine.loadBytes(serializeModel(model), { intraOp: 0, spin: false }, 'patches');
  for (const path of paths) {
    const results = await session.run({ [input.name]: { type: 'float32', data: await load(path), dims } });
    for (const [value, name] of outputs) {
      const patches = results[name];
      if (patches?.type === 'float32') moments.get(value)?.add(patches.data);
    }
  }
  await session.release();
  return moments;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

async function measure(given: Subject, folder: string, rows: BenchRow[]): Promise<void> {
  const subject = await openSubject(given, folder, engine);
  const held = given.data === null ? given.calibration : join(dirname(given.data), 'images');
  const searchedOn = new Set(sampleOf(await listImages(given.calibration), SEARCHED_IMAGES, 0));
  const paths = (await listImages(held)).filter((path) => !searchedOn.has(path));
  const meter = await openOutputMeter(subject, paths, engine);
  const dialects = dialectsOf(subject).map((dialect) => ({ ...dialect, convs: quantizedConvs(dialect.emitted, subject.folded) }));
  const all = new Map(dialects.flatMap(({ convs }) => convs.map((conv) => [conv.value, conv])));
  const moments = await momentsOf(subject, given.calibration, [...all.values()]);
  const cutOf = (emitted: EmittedModel): CutModel =>
    emitted.logits.length > 0
      ? { model: emitted.model, outputs: emitted.logits }
      : { model: cutAt(emitted.model, subject.names), outputs: subject.names.map((name) => ({ name, scales: null })) };
  let images = 0;
  for (const { name, limit, emitted, convs } of dialects) {
    const { model, outputs } = cutOf(emitted);
    const all8 = await meter({ model, outputs });
    images = all8.errors.length;
    if (name === dialects[0]?.name) {
      say(`\n${given.name}: ${String(paths.length)} images that nothing was searched on, ${String(images)} with objects`);
      say('  error of logits, rms (points of mAP@0.5:0.95; % of FP32’s boxes found again)');
    }
    const add = (metric: string, { errors, labelled, agreement }: Measured): void => {
      const rms = Math.sqrt(meanOf(errors));
      const gone = 100 * (1 - meanOf(errors) / meanOf(all8.errors));
      const of = `${given.name}, ${name}: ${metric}`;
      const row = (value: number | null, unit: string, digits = 2): void => {
        if (value !== null) rows.push({ metric: of, value: Number(value.toFixed(digits)), unit, target: null, met: null });
      };
      row(rms, 'rms', 4);
      row(gone, '% of the squared error gone', 1);
      row(labelled, 'points');
      row(agreement, '% found again');
      const points = labelled?.toFixed(2) ?? '–';
      const found = agreement?.toFixed(1) ?? '–';
      say(`  ${name.padEnd(28)} ${metric.padEnd(28)} ${rms.toFixed(4)} ${gone.toFixed(0).padStart(4)} % gone (${points}; ${found})`);
    };
    add('all in integers', all8);
    add('weights in float', await meter({ model: withFloatWeights(model, convs, (conv) => conv), outputs }));
    add('activations in float', await meter({ model: withFloatActivations(model), outputs }));
    const searched = withFloatWeights(model, convs, (conv) =>
      searchedWeights(conv, moments.get(conv.value) ?? new PatchMoments(conv.groups, conv.size), limit),
    );
    add('weights’ rounding searched', await meter({ model: searched, outputs }));
  }
}

async function main(): Promise<number> {
  say(describeHost());
  const availability = await engine.availability();
  const rows: BenchRow[] = [];
  for (const subject of subjects(say)) {
    const folder = await mkdtemp(join(tmpdir(), 'takt-bench-rounding-'));
    try {
      await measure(subject, folder, rows);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  say(resultLine('rounding', { onnxruntime: availability.available ? availability.version : 'unavailable' }, rows));
  return 0;
}

process.exitCode = await main();

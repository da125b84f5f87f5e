import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createOrtAdapter } from '@takt/engine-ort';
import { DataType, int64Tensor, makeNode, parseModel, serializeModel } from '@takt/onnx';
import type { Model, NodeProto, TensorProto } from '@takt/onnx';
import { cutAt, decodeRawHeads } from '@takt/quantization';
import { sampleCalibrationPath, sampleModelPath } from '@takt/sample-model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pickImages } from '../src/calibrate/calibration-images.js';
import { openModelSource } from '../src/emit/model-source.js';
import type { ModelSource } from '../src/emit/model-source.js';
import { readInputModel } from '../src/golden/input-model.js';
import { createLoadInput } from '../src/golden/load-input.js';
import { systemClock } from '../src/process/monotonic-clock.js';
import { removeFolder, resultOf, runWorker, scratchFolder, smallGolden } from './worker-process.js';

const engine = createOrtAdapter();
const loadInput = createLoadInput(systemClock);
let folder = '';
let source: ModelSource;

beforeAll(async () => {
  folder = await scratchFolder();
  source = await openModelSource(await readInputModel(sampleModelPath()), engine);
});
afterAll(() => removeFolder(folder));

const head = (): Exclude<ModelSource['head'], { why: string }> => {
  if ('why' in source.head) throw new Error(source.head.why);
  return source.head;
};

/** The sample detector without its decode, as exporters give it: a convolution's planes, or cells with their terms last. */
function rawModel(layout: 'planes' | 'cells', withAnchors: boolean): Uint8Array {
  const { scales, detector } = head();
  const names = scales.map(({ outputs }) => outputs[0]?.name ?? '');
  const model = cutAt(parseModel(source.bytes), names);
  const { width, height } = detector.imageSize;
  const columns = 5 + detector.classes;
  const nodes: NodeProto[] = [];
  const shapes: TensorProto[] = [];
  const output = scales.map(({ stride, anchors }, at) => {
    const planes = [height / stride, width / stride] as const;
    const dims = layout === 'planes' ? [1, anchors.length * columns, ...planes] : [1, anchors.length, ...planes, columns];
    const name = layout === 'planes' ? (names[at] ?? '') : `raw${String(stride)}`;
    if (layout === 'cells') {
      shapes.push(int64Tensor(`shape${String(stride)}`, [5], BigInt64Array.from([1, anchors.length, columns, ...planes], BigInt)));
      nodes.push(
        makeNode('Reshape', `split${String(stride)}`, [names[at] ?? '', `shape${String(stride)}`], [`split${String(stride)}`]),
        makeNode('Transpose', `cells${String(stride)}`, [`split${String(stride)}`], [name], { perm: [0n, 1n, 3n, 4n, 2n] }),
      );
    }
    return { name, type: { tensorType: { elemType: DataType.float, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } } };
  });
  const anchors = scales.map((scale) => scale.anchors.flat());
  const raw: Model = {
    ...model,
    metadataProps: [...model.metadataProps, ...(withAnchors ? [{ key: 'anchors', value: JSON.stringify(anchors) }] : [])],
    graph: {
      ...model.graph,
      node: [...model.graph.node, ...nodes],
      initializer: [...model.graph.initializer, ...shapes],
      output: output.toReversed(),
    },
  };
  return serializeModel(raw);
}

const outputOf = async (bytes: Uint8Array, name: string): Promise<Float32Array> => {
  const session = await engine.loadBytes(bytes, { intraOp: 1, spin: false }, 'the model');
  const [image = ''] = (await pickImages(sampleCalibrationPath(), 1, 0, new AbortController().signal)).paths;
  const { input } = source;
  const data = await loadInput(image, input);
  const results = await session.run({ [input.name]: { type: 'float32', data, dims: [1, 3, input.height, input.width] } });
  await session.release();
  return results[name]?.data as Float32Array;
};

describe.each(['planes', 'cells'] as const)('raw heads as %s', (layout) => {
  it('are decoded to what the export with its decode gives', async () => {
    const decoded = decodeRawHeads(rawModel(layout, true));
    expect(decoded?.change).toBe('its raw heads are decoded, with the anchors in its metadata');
    expect(decoded?.inspection.detector).toMatchObject({ family: 'yolov5', output: 'takt_detections' });
    expect(decoded?.inspection.outputs).toHaveLength(4);
    const wanted = await outputOf(source.bytes, head().detector.output);
    const given = await outputOf(decoded?.bytes ?? new Uint8Array(), 'takt_detections');
    expect(given).toHaveLength(wanted.length);
    const most = wanted.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (given[i] ?? Number.NaN))), 0);
    expect(most).toBeLessThan(0.01);
  });

  it('are found again by the quantizer, which cuts them off', async () => {
    const path = join(folder, `${layout}.onnx`);
    await writeFile(path, rawModel(layout, true));
    const raw = await openModelSource(await readInputModel(path), engine);
    if ('why' in raw.head) throw new Error(raw.head.why);
    expect(raw.head.scales.map(({ stride, anchors }) => [stride, anchors])).toEqual(
      head().scales.map(({ stride, anchors }) => [stride, anchors]),
    );
  });
});

it('are measured and timed as they are', async () => {
  const path = join(folder, 'measured.onnx');
  await writeFile(path, rawModel('cells', true));
  const data = await smallGolden(folder, 16);
  const evaluate = (model: string): unknown => ({ kind: 'evaluate', of: 'model', model, data, threads: 1 });
  const raw = resultOf(await runWorker(folder, evaluate(path)));
  const whole = resultOf(await runWorker(folder, evaluate(sampleModelPath())));
  if (raw.kind !== 'evaluate' || whole.kind !== 'evaluate') throw new Error('not evaluated');
  expect(raw.map50_95).toBeCloseTo(whole.map50_95, 3);
  const bench = resultOf(await runWorker(folder, { kind: 'benchmark', models: [path], threads: [1], rounds: 1, iterations: 1 }));
  expect(bench.kind).toBe('benchmark');
});

it("are decoded with YOLOv5's anchors where the file names none, and the words say so", () => {
  expect(decodeRawHeads(rawModel('cells', false))?.change).toBe(
    "its raw heads are decoded, with YOLOv5's own anchors, since its metadata name none",
  );
});

it('leave alone what has a decode, and takt’s own artifacts', async () => {
  expect(decodeRawHeads(await readFile(sampleModelPath()))).toBeUndefined();
  const model = parseModel(rawModel('planes', true));
  const described = { ...model, metadataProps: [...model.metadataProps, { key: 'takt.detector', value: '{}' }] };
  expect(decodeRawHeads(serializeModel(described))).toBeUndefined();
});

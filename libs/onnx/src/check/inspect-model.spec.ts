import { describe, expect, it } from 'vitest';
import { DataType } from '../proto/messages.js';
import type { ValueInfoProto } from '../proto/messages.js';
import { serializeModel } from '../proto/model-file.js';
import { makeNode } from '../proto/node.js';
import { floatTensor } from '../proto/tensor.js';
import { parseClassNames } from './class-names.js';
import { inspectModel, requireDetector } from './inspect-model.js';

const info = (name: string, dims: readonly number[], elemType: number = DataType.float): ValueInfoProto => ({
  name,
  type: { tensorType: { elemType, shape: { dim: dims.map((d) => (d < 0 ? { dimParam: 'batch' } : { dimValue: d })) } } },
});

const model = (input: ValueInfoProto, output: ValueInfoProto, metadata: Readonly<Record<string, string>> = {}): Uint8Array =>
  serializeModel({
    irVersion: 8,
    producerName: 'pytorch',
    producerVersion: '2.5',
    opsetImport: [{ domain: '', version: 13 }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    functions: [],
    graph: {
      node: [makeNode('Add', 'add', [input.name ?? '', 'w'], [output.name ?? ''])],
      initializer: [floatTensor('w', [2, 3], new Float32Array(6))],
      input: [input],
      output: [output],
      valueInfo: [],
    },
  });

const names = "{0: 'crazing', 1: 'inclusion'}";

describe('inspectModel', () => {
  it('describes a YOLOv5 detector', () => {
    const inspection = inspectModel(model(info('images', [1, 3, 320, 320]), info('output0', [1, 6300, 7]), { names, stride: '32' }));
    expect(inspection).toMatchObject({
      opset: 13,
      irVersion: 8,
      producer: 'pytorch 2.5',
      names: ['crazing', 'inclusion'],
      stride: 32,
      nodesByOp: { Add: 1 },
      nodes: 1,
      parameters: 6,
      inputs: [{ name: 'images', type: 'float32', dims: [1, 3, 320, 320] }],
    });
    expect(requireDetector(inspection)).toEqual({
      family: 'yolov5',
      input: 'images',
      output: 'output0',
      imageSize: { width: 320, height: 320 },
      classes: 2,
      predictions: 6300,
    });
  });

  it('takes half precision, and says so', () => {
    const half = DataType.float16;
    const inspection = inspectModel(model(info('images', [1, 3, 320, 320], half), info('output0', [1, 6300, 7], half)));
    expect(inspection.detector).toMatchObject({ family: 'yolov5', classes: 2 });
    expect([inspection.inputs[0]?.type, inspection.outputs[0]?.type]).toEqual(['float16', 'float16']);
  });

  it('takes an input that is not square', () => {
    const inspection = inspectModel(model(info('images', [1, 3, 320, 640]), info('output0', [1, 12600, 85])));
    expect(inspection.detector).toMatchObject({ family: 'yolov5', imageSize: { width: 640, height: 320 }, classes: 80 });
    expect(inspection.names).toEqual([]);
    expect(inspection.stride).toBeNull();
  });

  it.each([
    ['yolox', [1, 3549, 85], 80, 3549],
    ['yolov8', [1, 84, 3549], 80, 3549],
    ['yolov5', [1, 10647, 85], 80, 10647],
    // YOLOv5 for 1280 pixels has a fourth scale.
    ['yolov5', [1, 3 * (52 * 52 + 26 * 26 + 13 * 13 + 6 * 6), 85], 80, 10755],
  ])('tells %s by the output %j', (family, dims, classes, predictions) => {
    const { detector } = inspectModel(model(info('images', [1, 3, 416, 416]), info('output', dims)));
    expect(detector).toMatchObject({ family, classes, predictions });
  });

  it.each([
    ['an open batch size', info('images', [-1, 3, 320, 320]), info('output0', [1, 6300, 7]), /input "images" is float32 batch×3×320×320/],
    ['grey images', info('images', [1, 1, 320, 320]), info('output0', [1, 6300, 7]), /1×1×320×320, not float32/],
    ['double precision', info('images', [1, 3, 320, 320], DataType.double), info('output0', [1, 6300, 7]), /float64/],
    [
      'predictions as no family makes them',
      info('images', [1, 3, 416, 416]),
      info('output', [1, 3550, 85]),
      /3550×85; .* YOLOv5 makes 10647 predictions, YOLOX and YOLOv8 make 3549/,
    ],
    ['another rank', info('images', [1, 3, 320, 320]), info('output0', [1, 7]), /output "output0" is float32 1×7/],
    ['no classes', info('images', [1, 3, 320, 320]), info('output0', [1, 6300, 5]), /no room for classes/],
    ['names of other classes', info('images', [1, 3, 320, 320]), info('output0', [1, 6300, 9]), /name 2 classes, its output has 4/],
  ])('says why a model with %s is no detector', (_, input, output, why) => {
    const inspection = inspectModel(model(input, output, { names }));
    expect(() => requireDetector(inspection)).toThrowError(why);
    expect(inspection.detector.family).toBe('unknown');
  });
});

describe('parseClassNames', () => {
  it.each([
    ["{0: 'a', 1: \"b's\"}", ['a', "b's"]],
    ['{"0": "a", "1": "rolled-in scale"}', ['a', 'rolled-in scale']],
    ["['a', 'b']", ['a', 'b']],
    ["{0: 'it\\'s'}", ["it's"]],
    ["{1: 'a'}", undefined],
    ['a, b', undefined],
    ['{}', undefined],
    ['[]', []],
    ["{'0': 'a' , '1' : 'b',}", ['a', 'b']],
    ['{"0": "K\\u00f6rper"}', ['Körper']],
    ["{0: 'a\\\\', 1: 'b'}", ['a\\', 'b']],
    ["{0: 'a}", undefined],
    ["{0: 'a', 2: 'b'}", undefined],
    ["{0: 'a' 1: b}", undefined],
  ])('reads %s', (text, expected) => {
    expect(parseClassNames(text)).toEqual(expected);
  });

  it.each([
    ['digits', `{${'1'.repeat(2 ** 21)}}`],
    ['open quotes', `{${"0:'\\".repeat(2 ** 19)}}`],
    ['spaces', `{0${' '.repeat(2 ** 21)}}`],
    ['quotes in a list', `[${"'\\'".repeat(2 ** 19)}]`],
    ['commas', `[${','.repeat(2 ** 21)}]`],
  ])('reads megabytes of %s once', (_, text) => {
    expect(parseClassNames(text) ?? []).toEqual([]);
  });

  it('takes as many names as the largest set of classes has, and no more', () => {
    const list = (count: number): string => `[${"'a',".repeat(count)}]`;
    expect(parseClassNames(list(2 ** 16))).toHaveLength(65_536);
    expect(parseClassNames(list(2 ** 16 + 1))).toBeUndefined();
  });
});

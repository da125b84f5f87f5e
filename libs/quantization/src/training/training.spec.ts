import { DataType, floatTensor, floatValues, int32Tensor, int8Tensor, makeNode, uint8Tensor } from '@takt/onnx';
import type { Model, NodeProto, TensorProto } from '@takt/onnx';
import { describe, expect, it } from 'vitest';
import {
  build,
  constant,
  exampleDetector,
  exampleStatistics,
  named,
  reload,
  withConstant,
  withNodes,
} from '../../test/example-detector.js';
import { emitInt8 } from '../graph/emit-int8.js';
import { emitOpenvino } from '../dialects/emit-openvino.js';
import { emitTensorrt } from '../dialects/emit-tensorrt.js';
import { quantizePerChannel } from '../math/weights.js';
import { withTrainedScales } from './apply-trained.js';
import { stripPairs } from './strip-pairs.js';
import { untrainedConvs } from './trained-scales.js';

const trained = (): Model => reload(emitTensorrt(exampleDetector(), exampleStatistics, { floatConvs: new Set(['detect.out']) }).model);

const strip = (model: Model): NonNullable<ReturnType<typeof stripPairs>> => {
  const stripped = stripPairs(model);
  if (stripped === undefined) throw new Error('nothing was stripped');
  return stripped;
};

/** images → pair → conv with weights from `weights` → output0 */
const pairBefore = (pair: readonly NodeProto[], constants: readonly TensorProto[], weight = 'w'): Model =>
  build(
    [...pair, makeNode('Conv', 'c', ['images_dq', weight], ['c.out']), makeNode('Relu', 'relu', ['c.out'], ['output0'])],
    [...constants, floatTensor('w', [1, 1, 1, 1], Float32Array.of(0.5))],
  );
const q = (input: string, scale: string, zero: string): NodeProto => makeNode('QuantizeLinear', 'q', [input, scale, zero], ['images_q']);
const dq = (scale: string, zero: string): NodeProto => makeNode('DequantizeLinear', 'dq', ['images_q', scale, zero], ['images_dq']);
const scalar = (name: string, value: number): TensorProto => floatTensor(name, [], Float32Array.of(value));

describe('a model with Q and DQ nodes from training', () => {
  it('becomes the float model, and its scales are kept', () => {
    const { model, scales } = strip(trained());
    expect(model.graph.node.map(({ opType }) => opType)).toEqual(exampleDetector().graph.node.map(({ opType }) => opType));
    expect(named(model, 'b')?.input[0]).toBe('a.act');
    expect(named(model, 'add')?.input).toEqual(['a.act', 'b.act']);
    expect(model.graph.initializer.some(({ name }) => name?.includes('scale_') === true || name?.includes('zero') === true)).toBe(false);
    expect(scales.ranges.get('a.act')?.high).toBeCloseTo(5, 5);
    expect(scales.ranges.get('a.act')?.low).toBeCloseTo(-5, 5);
    expect([...scales.weights.keys()]).toEqual(['a.out', 'b.out']);
    const weights = constant(exampleDetector(), 'b.w');
    const searched = quantizePerChannel(floatValues(weights as TensorProto), 4, 127);
    expect(scales.weights.get('b.out')).toEqual([...searched.scales]);
  });

  it('can be given to every emitter again, also where one of them wrote it', () => {
    const { model } = strip(trained());
    for (const emitted of [
      emitTensorrt(model, exampleStatistics, { floatConvs: new Set(['detect.out']) }).model,
      emitOpenvino(model, exampleStatistics, { floatConvs: new Set(['detect.out']) }).model,
      emitInt8(model, exampleStatistics, { weightLimit: 127 }).model,
    ]) {
      const names = reload(emitted).graph.initializer.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('is one only with such nodes', () => {
    expect(stripPairs(exampleDetector())).toBeUndefined();
  });

  it('reads zero points, parameters that are Constant nodes, and a pair that is an output of the model', () => {
    const constantNode = (name: string, t: TensorProto): NodeProto => ({
      ...makeNode('Constant', name, [], [name]),
      attribute: [{ name: 'value', type: 4, t, floats: [], ints: [], strings: [], graphs: [] }],
    });
    const model = build(
      [
        constantNode('s', scalar('', 0.5)),
        constantNode('z', uint8Tensor('', [], Uint8Array.of(55))),
        q('images', 's', 'z'),
        makeNode('DequantizeLinear', 'dq', ['images_q', 's', 'z'], ['output0']),
      ],
      [],
    );
    const { model: float, scales } = strip(model);
    expect(scales.ranges).toEqual(new Map([['images', { low: -27.5, high: 100 }]]));
    expect(float.graph.node.map(({ opType, input, output }) => [opType, input, output])).toEqual([['Identity', ['images'], ['output0']]]);
    expect(float.graph.initializer).toEqual([]);
  });

  it('turns stored integers into the real values they stand for', () => {
    const weight = makeNode('DequantizeLinear', 'w_dq', ['wq', 'ws', ''], ['w_dq'], { axis: 0n });
    const constants = [
      int8Tensor('wq', [2, 1, 1, 1], Int8Array.of(-4, 8)),
      floatTensor('ws', [2], Float32Array.of(0.5, 0.25)),
      scalar('s', 0.1),
      int8Tensor('z', [], Int8Array.of(0)),
    ];
    const zero = int8Tensor('wz', [2], new Int8Array(2));
    const named0 = { ...weight, input: ['wq', 'ws', 'wz'] };
    const { model, scales } = strip(pairBefore([q('images', 's', 'z'), dq('s', 'z'), named0], [...constants, zero], 'w_dq'));
    expect([...floatValues(constant(model, 'w_dq_trained') as TensorProto)]).toEqual([-2, 2]);
    expect(scales.weights.get('c.out')).toEqual([0.5, 0.25]);
  });

  it('has weights searched anew where they were trained on another grid', () => {
    const pairs = [q('images', 's', 'z'), dq('s', 'z'), makeNode('DequantizeLinear', 'w_dq', ['wq', 's', 'wz'], ['w_dq'])];
    const constants = [
      uint8Tensor('wq', [1, 1, 1, 1], Uint8Array.of(130)),
      uint8Tensor('wz', [], Uint8Array.of(128)),
      scalar('s', 0.5),
      int8Tensor('z', [], Int8Array.of(0)),
    ];
    const { model, scales } = strip(pairBefore(pairs, constants, 'w_dq'));
    expect([...floatValues(constant(model, 'w_dq_trained') as TensorProto)]).toEqual([1]);
    expect(scales.weights).toEqual(new Map([['c.out', null]]));
  });

  const zero = int8Tensor('z', [], Int8Array.of(0));

  it('keeps the scales of each reader apart where convolutions share weights, and knows the one that reads them in float', () => {
    const conv = (name: string, weight: string): NodeProto => makeNode('Conv', name, ['images', weight], [`${name}.out`]);
    const weightPair = (name: string): NodeProto[] => [
      makeNode('QuantizeLinear', `${name}_q`, ['w', name, 'z'], [`${name}_q`]),
      makeNode('DequantizeLinear', `${name}_dq`, [`${name}_q`, name, 'z'], [`${name}_dq`]),
    ];
    const nodes = [...weightPair('s'), ...weightPair('t'), conv('a', 's_dq'), conv('b', 't_dq'), conv('c', 'w')];
    const model = build(
      [...nodes, makeNode('Sum', 'sum', ['a.out', 'b.out', 'c.out'], ['output0'])],
      [scalar('s', 0.5), scalar('t', 0.25), zero, floatTensor('w', [1, 1, 1, 1], Float32Array.of(0.5))],
    );
    expect(strip(model).scales.weights).toEqual(
      new Map([
        ['a.out', [0.5]],
        ['b.out', [0.25]],
      ]),
    );
  });

  it('names the scales after what folding makes of the convolution', () => {
    const weight = makeNode('DequantizeLinear', 'w_dq', ['wq', 'ws', 'wz'], ['w_dq'], { axis: -4n });
    const model = build(
      [
        weight,
        makeNode('Conv', 'c', ['images', 'w_dq'], ['c.out']),
        makeNode('BatchNormalization', 'bn', ['c.out', 'gamma', 'beta', 'mean', 'variance'], ['bn.out']),
        makeNode('Mul', 'mul', ['half', 'bn.out'], ['mul.out']),
        makeNode('Add', 'add', ['mul.out', 'mean'], ['add.out']),
        makeNode('Relu', 'relu', ['add.out'], ['output0']),
      ],
      [
        int8Tensor('wq', [3, 1, 1, 1], Int8Array.of(-4, 8, 9)),
        floatTensor('ws', [3], Float32Array.of(0.5, 0.25, 0.125)),
        int8Tensor('wz', [3], new Int8Array(3)),
        floatTensor('gamma', [3], Float32Array.of(2, -3, 0)),
        floatTensor('beta', [3], Float32Array.of(1, 1, 1)),
        floatTensor('mean', [3], Float32Array.of(1, 1, 1)),
        floatTensor(
          'variance',
          [3],
          Float32Array.of(4, 9, 1).map((value) => value - 1e-5),
        ),
        scalar('half', 0.5),
      ],
    );
    const { weights } = strip(model).scales;
    expect([...weights.keys()]).toEqual(['c.out', 'bn.out', 'mul.out', 'add.out']);
    expect(weights.get('bn.out')).toEqual([0.5, 0.25, 0.125]);
    expect(weights.get('add.out')).toEqual([0.25, 0.125, 0.0625]);
  });

  it('takes the type of integers without a zero point from the Q node, also one that names it as opset 21 does', () => {
    const quantize = makeNode('QuantizeLinear', 'q', ['images', 's'], ['images_q'], {
      output_dtype: BigInt(DataType.int8),
      block_size: 0n,
    });
    const dequantize = makeNode('DequantizeLinear', 'dq', ['images_q', 's'], ['images_dq']);
    const { scales } = strip(pairBefore([quantize, dequantize], [scalar('s', 0.5)]));
    expect(scales.ranges).toEqual(new Map([['images', { low: -63.5, high: 63.5 }]]));
    const unsigned = makeNode('QuantizeLinear', 'q', ['images', 's'], ['images_q']);
    expect(strip(pairBefore([unsigned, dequantize], [scalar('s', 0.5)])).scales.ranges.get('images')).toEqual({ low: 0, high: 127.5 });
    expect(strip(pairBefore([q('images', 's', 'z'), dequantize], [scalar('s', 0.5), zero])).scales.ranges.get('images')?.low).toBe(-63.5);
  });

  it.each<[string, Model, string, RegExp]>([
    [
      'a scale that is computed',
      pairBefore([q('images', 'images', 'z'), dq('images', 'z')], [zero]),
      'dq',
      /scale or zero point is not a constant/,
    ],
    ['a scale of nothing', pairBefore([q('images', 's', 'z'), dq('s', 'z')], [scalar('s', 0), zero]), 'dq', /its scale is 0/],
    [
      'another scale than its partner’s',
      pairBefore([q('images', 's', 'z'), dq('t', 'z')], [scalar('s', 1), scalar('t', 2), zero]),
      'dq',
      /are not those of q/,
    ],
    [
      'a scale for each channel of an activation',
      pairBefore(
        [q('images', 's', 'z'), dq('s', 'z')],
        [floatTensor('s', [3], Float32Array.of(1, 2, 3)), int8Tensor('z', [3], new Int8Array(3))],
      ),
      'dq',
      /a scale for each channel/,
    ],
    [
      'integers that are no bytes',
      pairBefore([q('images', 's', 'z'), dq('s', 'z')], [scalar('s', 1), int32Tensor('z', [], Int32Array.of(0))]),
      'dq',
      /another type than int8 and uint8/,
    ],
    [
      'integers that another node reads',
      withNodes(
        pairBefore([q('images', 's', 'z'), dq('s', 'z')], [scalar('s', 1), zero]),
        makeNode('Shape', 'shape', ['images_q'], ['dims']),
      ),
      'q',
      /read by shape, not by a DQ node/,
    ],
    [
      'integers that no Q node makes',
      pairBefore([makeNode('Cast', 'cast', ['images'], ['images_q'], { to: 3n }), dq('s', 'z')], [scalar('s', 1), zero]),
      'dq',
      /is not made by a Q node/,
    ],
  ])('is refused with %s', (_, model, element, message) => {
    expect(() => stripPairs(model)).toThrowError(
      expect.objectContaining({ code: 'TrainedScalesUnreadable', element, message: expect.stringMatching(message) as string }) as Error,
    );
  });

  it('is refused where operators compute in integers', () => {
    const model = withNodes(exampleDetector(), makeNode('QLinearConv', 'qconv', ['images'], ['x']));
    expect(() => stripPairs(model)).toThrowError(expect.objectContaining({ code: 'ModelAlreadyQuantized', element: 'qconv' }) as Error);
  });

  it('is refused where takt made it', () => {
    const model = { ...exampleDetector(), metadataProps: [{ key: 'takt.detector', value: '{}' }] };
    expect(() => stripPairs(model)).toThrowError(
      expect.objectContaining({
        code: 'ModelAlreadyQuantized',
        message: expect.stringContaining('takt made this file') as string,
      }) as Error,
    );
  });
});

describe('scales of training among the statistics', () => {
  const plan = { groups: [['x', 'y'], ['z'], ['free']], symmetricGroups: [['x', 'y', 'z'], ['free']] };
  const entry = { min: -0.28, max: 9, low: -0.28, high: 8, amax: 8 };
  const calibrated = { x: entry, y: { ...entry, min: -1 }, z: entry, free: entry };

  it('stand for what calibration found, one for all values that share parameters, and spend no steps below what was seen', () => {
    const ranges = new Map([
      ['x', { low: -4, high: 4 }],
      ['z', { low: -1, high: 6 }],
    ]);
    const { values } = withTrainedScales(calibrated, plan, { ranges, weights: new Map() });
    expect(values['x']).toMatchObject({ low: -1, high: 4, amax: 6, min: -0.28, max: 9 });
    expect(values['y']).toMatchObject({ low: -1, high: 4, amax: 6 });
    expect(values['z']).toMatchObject({ low: -1, high: 6, amax: 6 });
    expect(values['free']).toEqual(entry);
  });

  it('are not found for values that are called as what every object has', () => {
    const ranges = new Map([['constructor', { low: -4, high: 4 }]]);
    const odd = { groups: [['constructor']], symmetricGroups: [['constructor']] };
    expect(withTrainedScales(calibrated, odd, { ranges, weights: new Map() }).values).toEqual(calibrated);
    const renamed = exampleDetector().graph.node.map((node) => ({
      ...node,
      input: node.input.map((name) => (name === 'b.out' ? 'constructor' : name)),
      output: node.output.map((name) => (name === 'b.out' ? 'constructor' : name)),
    }));
    const model = { ...exampleDetector(), graph: { ...exampleDetector().graph, node: renamed } };
    expect(untrainedConvs(model, { trained: { weightScales: { 'a.out': null, 'detect.out': null } } })).toEqual(['constructor']);
  });

  const statistics = { ...exampleStatistics, trained: { weightScales: { 'b.out': [1, 0.02, 0.03, 0.04], 'detect.out': null } } };

  it('keep in float what was trained in float', () => {
    expect(untrainedConvs(exampleDetector(), statistics)).toEqual(['a.out']);
    expect(untrainedConvs(exampleDetector(), exampleStatistics)).toEqual([]);
  });

  it('round weights as training did, without a correction of the bias, and only in 8 bits', () => {
    const scalesIn = (model: Model): number[] => {
      const node = model.graph.node.find(
        (each) =>
          each.opType === 'DequantizeLinear' &&
          constant(model, each.input[0])?.dims.length === 4 &&
          constant(model, each.input[0])?.dims[1] === 4,
      );
      return [...floatValues(constant(model, node?.input[1]) as TensorProto)];
    };
    const options = { floatConvs: new Set(['a.out', 'detect.out']) };
    const given = statistics.trained.weightScales['b.out'].map(Math.fround);
    expect(scalesIn(emitInt8(exampleDetector(), statistics, { ...options, weightLimit: 127 }).model)).toEqual(given);
    expect(scalesIn(emitInt8(exampleDetector(), statistics, { ...options, weightLimit: 64 }).model)).not.toEqual(given);
    const openvino = emitOpenvino(exampleDetector(), statistics, options).model;
    expect(scalesIn(openvino)).toEqual(given);
    const bias = (model: Model): Uint8Array | undefined => constant(model, named(model, 'b')?.input[2])?.rawData;
    expect(bias(openvino)).toEqual(constant(exampleDetector(), 'b.b')?.rawData);
    expect(bias(emitOpenvino(exampleDetector(), exampleStatistics, options).model)).not.toEqual(
      constant(exampleDetector(), 'b.b')?.rawData,
    );
    const tensorrt = emitTensorrt(exampleDetector(), statistics, options).model;
    expect([...floatValues(constant(tensorrt, 'b.out_weight_scale') as TensorProto)]).toEqual(given);
  });

  it('belong to the weights they were trained for', () => {
    const two = [1, 2];
    const other = { ...exampleStatistics, trained: { weightScales: { 'b.out': two } } };
    const plain = emitTensorrt(withConstant(exampleDetector(), 'none', floatTensor('none', [], Float32Array.of(0))), other, {
      floatConvs: new Set(['detect.out']),
    });
    expect(constant(plain.model, 'b.out_weight_scale')?.dims).toEqual([4]);
    expect(constant(plain.model, 'b.out_weight_scale')?.dataType).toBe(DataType.float);
  });
});

import { DataType, float16Tensor, floatTensor, int8Tensor, makeNode, uint8Tensor } from '@takt/onnx';
import type { Model, NodeProto, TensorProto } from '@takt/onnx';
import { describe, expect, it } from 'vitest';
import {
  build,
  exampleDetector,
  exampleStatistics,
  named,
  rules,
  withConstant,
  withInput,
  withNodes,
} from '../../test/example-detector.js';
import { emitInt8 } from '../graph/emit-int8.js';
import { emitFp16 } from './emit-fp16.js';
import { emitOpenvino } from './emit-openvino.js';
import { emitTensorrt } from './emit-tensorrt.js';
import { validateFp16 } from './validate-fp16.js';
import { myriadHasNoInt8, validateMyriad } from './validate-myriad.js';
import { validateOnnxruntime } from './validate-onnxruntime.js';
import { validateOpenvino } from './validate-openvino.js';
import { validateTensorrt } from './validate-tensorrt.js';

const options = { floatConvs: new Set(['detect.out']) };
const onnxruntime = emitInt8(exampleDetector(), exampleStatistics, { ...options, weightLimit: 127 }).model;
const openvino = emitOpenvino(exampleDetector(), exampleStatistics, options).model;
const tensorrt = emitTensorrt(exampleDetector(), exampleStatistics, options).model;
const half = emitFp16(exampleDetector()).model;

const scale = floatTensor('s', [], Float32Array.of(0.1));
const other = floatTensor('s1', [], Float32Array.of(0.2));
const perChannel = floatTensor('s2', [2], Float32Array.of(0.1, 0.2));
const zero = int8Tensor('z', [], Int8Array.of(0));
const zeros = int8Tensor('z2', [2], new Int8Array(2));
const unsigned = uint8Tensor('u', [], Uint8Array.of(0));
/** `source` through Q and DQ to `to`. */
const pair = (source: string, s: string, z: string, to = 'output0', attributes: Readonly<Record<string, bigint>> = {}): NodeProto[] => [
  makeNode('QuantizeLinear', `${to}_q`, [source, s, z], [`${to}_q`], attributes),
  makeNode('DequantizeLinear', `${to}_dq`, [`${to}_q`, s, z], [to], attributes),
];
const byteInput = (model: Model): Model => ({
  ...model,
  graph: { ...model.graph, input: [{ name: 'images', type: { tensorType: { elemType: DataType.int8 } } }] },
});

it('every violation says where the runtime says so', () => {
  const found = [
    ...validateTensorrt(onnxruntime),
    ...validateOpenvino(onnxruntime),
    ...validateMyriad(onnxruntime),
    ...validateOnnxruntime(tensorrt),
  ];
  expect(found.length).toBeGreaterThan(10);
  for (const { element, message, source } of found) for (const text of [element, message, source]) expect(text).not.toBe('');
});

describe('the rules of TensorRT', () => {
  it.each<[string, NodeProto[], TensorProto[]]>([
    ['int8', pair('images', 's', 'u'), [scale, unsigned]],
    ['zero-point', pair('images', 's', 'n'), [scale, int8Tensor('n', [], Int8Array.of(3))]],
    ['positive-scale', pair('images', 'n', 'z'), [zero, floatTensor('n', [], Float32Array.of(0))]],
    ['three-inputs', [makeNode('QuantizeLinear', 'q', ['images', 's'], ['output0'])], [scale]],
    ['per-channel-weights', pair('images', 's2', 'z2', 'output0', { axis: 0n }), [perChannel, zeros]],
    [
      'per-channel-axis',
      pair('w', 's2', 'z2', 'output0', { axis: 1n }),
      [perChannel, zeros, floatTensor('w', [2, 2], new Float32Array(4))],
    ],
    ['float-weights', pair('w', 's', 'z'), [scale, zero, int8Tensor('w', [2], new Int8Array(2))]],
    ['pairs', [makeNode('DequantizeLinear', 'd', ['w', 's', 'z'], ['output0'])], [scale, zero, int8Tensor('w', [2], new Int8Array(2))]],
    ['constant-parameters', pair('images', 'images', 'z'), [zero]],
    ['no-qlinear', [makeNode('QLinearConv', 'c', ['images'], ['output0'])], []],
    ['no-dynamic', [makeNode('DynamicQuantizeLinear', 'c', ['images'], ['output0'])], []],
    [
      'equal-scales',
      [
        ...pair('images', 's', 'z', 'a'),
        ...pair('images', 's1', 'z', 'b'),
        makeNode('Concat', 'concat', ['a', 'b'], ['output0'], { axis: 1n }),
      ],
      [scale, other, zero],
    ],
  ])('find %s', (rule, nodes, constants) => {
    expect(rules(validateTensorrt(build(nodes, constants)))).toContain(rule);
  });

  it('find a quantized input that is no float', () => {
    expect(rules(validateTensorrt(byteInput(build(pair('images', 's', 'z'), [scale, zero]))))).toEqual(['float-input']);
  });

  it('find a bias behind DQ and weights without a quantized input', () => {
    expect(rules(validateTensorrt(onnxruntime))).toContain('float-bias');
    expect(rules(validateTensorrt(withInput(tensorrt, 'b', 0, 'a.act')))).toEqual(['conv-input']);
  });

  it('find a newer opset', () => {
    expect(rules(validateTensorrt(exampleDetector(18)))).toEqual(['opset']);
  });
});

describe('the rules of ONNX Runtime', () => {
  it('hold for what takt emits', () => {
    expect(validateOnnxruntime(onnxruntime)).toEqual([]);
  });

  it.each<[string, Model]>([
    ['conv-input', withInput(onnxruntime, 'b', 0, 'a.act')],
    ['conv-output', tensorrt],
    ['conv-bias-scale', withConstant(onnxruntime, 'b.out_bias_scale', floatTensor('b.out_bias_scale', [4], Float32Array.of(1, 1, 1, 1)))],
    ['conv-bias-type', withConstant(onnxruntime, 'b.out_bias_zero_point', int8Tensor('b.out_bias_zero_point', [4], new Int8Array(4)))],
    ['equal-parameters', withConstant(onnxruntime, 'cat_scale', floatTensor('cat_scale', [], Float32Array.of(0.5)))],
    ['all-inputs', withInput(onnxruntime, 'add', 0, 'a.act')],
    ['one-reader', withNodes(onnxruntime, makeNode('Identity', 'i', ['sum'], ['copy']))],
    ['integer-types', withConstant(onnxruntime, 'sum_zero_point', int8Tensor('sum_zero_point', [], Int8Array.of(0)))],
    ['per-channel-opset', { ...onnxruntime, opsetImport: [{ domain: '', version: 12 }] }],
  ])('find %s', (rule, model) => {
    expect(rules(validateOnnxruntime(model))).toContain(rule);
  });

  it('find signed activations with two readers, which only ARM runs', () => {
    const signed = withConstant(onnxruntime, 'up_zero_point', int8Tensor('up_zero_point', [], Int8Array.of(0)));
    const twice = withNodes(signed, makeNode('DequantizeLinear', 'd2', ['up_q', 'up_scale', 'up_zero_point'], ['d2']));
    expect(rules(validateOnnxruntime(twice))).toContain('signed-activation');
    expect(rules(validateOnnxruntime(twice, { arm: true }))).not.toContain('signed-activation');
  });

  it('find weights of 8 bits where their products overflow', () => {
    expect(rules(validateOnnxruntime(onnxruntime, { saturates: true }))).toEqual(['seven-bit-weights']);
    const sevenBit = emitInt8(exampleDetector(), exampleStatistics, { ...options, weightLimit: 64 }).model;
    expect(validateOnnxruntime(sevenBit, { saturates: true })).toEqual([]);
  });
});

describe('the rules of OpenVINO', () => {
  it('find activations in integers and a Q before them', () => {
    expect(rules(validateOpenvino(onnxruntime))).toEqual(['conv-output', 'float-activation']);
  });

  it.each<[string, Model]>([
    ['no-qlinear', build([makeNode('QLinearConv', 'c', ['images'], ['output0'])], [])],
    ['layer-input', withInput(openvino, 'b', 0, 'a.act')],
    ['bias-type', withConstant(onnxruntime, 'b.out_bias_zero_point', int8Tensor('b.out_bias_zero_point', [4], new Int8Array(4)))],
    ['constant-parameters', build(pair('images', 'images', 'z'), [zero])],
    ['positive-scale', build(pair('images', 'n', 'z'), [zero, floatTensor('n', [], Float32Array.of(0))])],
  ])('find %s', (rule, model) => {
    expect(rules(validateOpenvino(model))).toContain(rule);
  });
});

describe('the rules of half precision and MYRIAD', () => {
  const weights = named(half, 'b')?.input[1] ?? '';
  const infinite = float16Tensor(weights, [4, 4, 1, 1], new Uint16Array(16).fill(0x7c00));

  it.each<[string, Model]>([
    ['opset', exampleDetector(16)],
    ['no-quantization', openvino],
    ['half-precision', exampleDetector()],
    ['float32-input', withConstant(half, 'scales', float16Tensor('scales', [4], new Uint16Array(4)))],
    ['finite', withConstant(half, weights, infinite)],
  ])('find %s', (rule, model) => {
    expect(rules(validateFp16(model))).toContain(rule);
    expect(rules(validateMyriad(model))).toContain(rule);
  });

  it('find an input that the stick does not take', () => {
    expect(rules(validateMyriad(byteInput(half)))).toEqual(['input-type']);
  });

  it('find FakeQuantize, and the refusal of INT8 says why and what to do', () => {
    const fake = build([makeNode('FakeQuantize', 'f', ['images'], ['output0'])], []);
    expect(rules(validateMyriad(fake))).toEqual(['no-quantization']);
    expect(myriadHasNoInt8()).toMatchObject({ code: 'Int8NotOnMyriad', action: expect.stringContaining('fp16') as string });
  });
});

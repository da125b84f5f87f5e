import { DataType, floatTensor, floatValues, int8Values, makeNode } from '@takt/onnx';
import type { NodeProto, TensorProto } from '@takt/onnx';
import { describe, expect, it } from 'vitest';
import {
  build,
  constant,
  conv,
  exampleDetector,
  exampleStatistics,
  layer,
  named,
  range,
  reload,
  rules,
  statisticsOfValues,
} from '../../test/example-detector.js';
import { emitOpenvino } from './emit-openvino.js';
import { validateOpenvino } from './validate-openvino.js';
import { validateTensorrt } from './validate-tensorrt.js';

describe('the OpenVINO dialect', () => {
  const { model, integerConvs } = emitOpenvino(exampleDetector(), exampleStatistics, { floatConvs: new Set(['detect.out']) });
  const graph = reload(model);

  it('quantizes the inputs of convolutions and leaves every other reader the float value', () => {
    expect(integerConvs).toEqual(['a', 'b']);
    expect(named(graph, 'b')?.input[0]).toBe('a.act_dq');
    expect(named(graph, 'add')?.input).toEqual(['a.act', 'b.act']);
    expect(named(graph, 'a.sigmoid')?.input).toEqual(['a.out']);
    expect(named(graph, 'detect')?.input[1]).toBe('detect.w');
    expect(constant(graph, 'a.act_zero_point')?.dataType).toBe(DataType.uint8);
  });

  it('keeps the bias in float, corrected for the rounding of the weights', () => {
    const bias = constant(graph, named(graph, 'b')?.input[2]);
    expect(bias?.dataType).toBe(DataType.float);
    expect(bias?.name).not.toBe('b.b');
  });

  it('quantizes the detect convolutions too where that is asked for', () => {
    expect(emitOpenvino(exampleDetector(), exampleStatistics, {}).integerConvs).toEqual(['a', 'b', 'detect']);
  });

  it('leaves an output in float that a convolution reads as well: its own reader alone gets the rounded form', () => {
    const whole = exampleDetector();
    const shown = { name: 'a.act', type: { tensorType: { elemType: 1 } } };
    const emitted = emitOpenvino({ ...whole, graph: { ...whole.graph, output: [...whole.graph.output, shown] } }, exampleStatistics, {});
    const { node } = emitted.model.graph;
    expect(node.find(({ output }) => output[0] === 'a.act')?.opType).toBe('Mul');
    expect(node.find(({ name }) => name === 'b')?.input[0]).toBe('a.act_dq');
    expect(node.find(({ name }) => name === 'add')?.input[0]).toBe('a.act');
  });

  it('is valid for OpenVINO, and not for TensorRT', () => {
    expect(validateOpenvino(graph)).toEqual([]);
    expect(rules(validateTensorrt(graph))).toEqual(expect.arrayContaining(['int8', 'pairs']));
  });
});

describe('fully connected layers', () => {
  const matrix = Float32Array.of(1, -2, 0.5, 4, 3, -0.25);
  // a → mean → matrix → back to a plane that b reads, as in squeeze and excitation.
  const withMatrix = (dense: NodeProto, weights: TensorProto): ReturnType<typeof build> =>
    build(
      [
        conv('a', 'images'),
        makeNode('GlobalAveragePool', 'mean', ['a.out'], ['mean.out']),
        makeNode('Flatten', 'flatten', ['mean.out'], ['flat']),
        dense,
        makeNode('Unsqueeze', 'unsqueeze', ['dense.out', 'axes'], ['plane']),
        conv('b', 'plane'),
        makeNode('Sigmoid', 'scores', ['b.out'], ['output0']),
      ],
      [...layer('a', 3, 2), weights, ...layer('b', 3, 1), floatTensor('axes', [0], new Float32Array())],
    );
  const statistics = statisticsOfValues(
    Object.fromEntries(['images', 'a.out', 'mean.out', 'flat', 'plane'].map((name) => [name, range(-1, 1)])),
  );
  const valuesOf = (model: ReturnType<typeof build>): number[] => {
    const scales = floatValues(constant(model, 'dense.out_weight_scale') ?? floatTensor('', [0], new Float32Array()));
    const transposed = named(model, 'dense')?.attribute.some(({ name }) => name === 'transB') === true;
    const quantized = constant(model, 'dense.out_weight_q');
    return [...int8Values(quantized ?? floatTensor('', [0], new Float32Array()))].map(
      (value, at) => value * (scales[transposed ? Math.floor(at / 2) : at % 3] ?? 0),
    );
  };

  it.each([
    ['MatMul', makeNode('MatMul', 'dense', ['flat', 'dense.w'], ['dense.out']), [2, 3], 1n],
    ['Gemm', makeNode('Gemm', 'dense', ['flat', 'dense.w'], ['dense.out'], { transB: 1n }), [3, 2], 0n],
  ])('%s has int8 weights with a scale for each output', (_, node, dims, axis) => {
    const graph = withMatrix(node, floatTensor('dense.w', dims, matrix));
    const { model } = emitOpenvino(graph, statistics, { floatConvs: new Set(['detect.out']) });
    expect(named(model, 'dense')?.input.slice(0, 2)).toEqual(['flat_dq', 'dense.out_weight_dq']);
    expect(named(model, 'dense.out_weight_DequantizeLinear')?.attribute[0]?.i).toBe(axis);
    valuesOf(model).forEach((value, at) => {
      expect(Math.abs(value - (matrix[at] ?? 0))).toBeLessThan(0.04);
    });
    expect(validateOpenvino(model)).toEqual([]);
  });

  it('stay in float where they are more than a product', () => {
    const scaled = makeNode('Gemm', 'dense', ['flat', 'dense.w'], ['dense.out'], { transA: 1n });
    const graph = withMatrix(scaled, floatTensor('dense.w', [2, 3], matrix));
    expect(named(emitOpenvino(graph, statistics, { floatConvs: new Set(['detect.out']) }).model, 'dense')?.input).toEqual([
      'flat',
      'dense.w',
    ]);
  });
});

import { DataType, floatValues, makeNode } from '@takt/onnx';
import type { Model } from '@takt/onnx';
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
import { emitInt8 } from '../graph/emit-int8.js';
import { quantizePerChannel } from '../math/weights.js';
import { emitTensorrt, emulateTensorrt } from './emit-tensorrt.js';
import { validateOnnxruntime } from './validate-onnxruntime.js';
import { validateTensorrt } from './validate-tensorrt.js';

const options = { floatConvs: new Set(['detect.out']) };
const floats = (model: Model, name: string): Float32Array => {
  const tensor = constant(model, name);
  if (tensor === undefined) throw new Error(`no constant ${name}`);
  return floatValues(tensor);
};

describe('the TensorRT dialect', () => {
  const graph = reload(emitTensorrt(exampleDetector(), exampleStatistics, options).model);

  it('has a pair for each reader, and equal scales where values meet', () => {
    expect(named(graph, 'b')?.input[0]).toBe('a.act_for_b.out_dq');
    expect(named(graph, 'add')?.input).toEqual(['a.act_for_sum_dq', 'b.act_for_sum_dq']);
    expect(floats(graph, 'a.act_scale')[0]).toBe(Math.fround(5 / 127));
    expect(floats(graph, 'b.act_scale')[0]).toBe(Math.fround(5 / 127));
  });

  it('gives values that meet one scale, also where the statistics know no symmetric range', () => {
    const values = Object.entries(exampleStatistics.values).map(([name, { low, high }]) => [name, range(low, high)]);
    const wider = statisticsOfValues({ ...Object.fromEntries(values), 'b.act': range(-0.3, 8) });
    const { model } = emitTensorrt(exampleDetector(), wider, options);
    expect(floats(model, 'a.act_scale')[0]).toBe(Math.fround(8 / 127));
    expect(floats(model, 'b.act_scale')[0]).toBe(Math.fround(8 / 127));
  });

  it('holds float weights on their grid and a float bias, corrected for the rounding', () => {
    const [source = '', scale = ''] = named(graph, 'b.out_weight_q')?.input ?? [];
    expect(constant(graph, source)?.dataType).toBe(DataType.float);
    const scales = floats(graph, scale);
    const { values } = quantizePerChannel(floats(exampleDetector(), 'b.w'), 4, 127);
    floats(graph, source).forEach((weight, at) => {
      expect(Math.abs(weight / (scales[Math.floor(at / 4)] ?? 1) - (values[at] ?? 0))).toBeLessThan(1e-4);
    });
    expect(named(graph, 'b')?.input[2]).toBe('b.out_bias');
    expect(constant(graph, 'b.w')).toBeUndefined();
  });

  it('is valid for TensorRT, and ONNX Runtime would not fuse it', () => {
    expect(validateTensorrt(graph)).toEqual([]);
    expect(rules(validateOnnxruntime(graph))).toContain('conv-output');
  });

  it('lowers the opset as far as the nodes allow', () => {
    expect(emitTensorrt(exampleDetector(19), exampleStatistics, options).model.opsetImport).toEqual([{ domain: '', version: 13 }]);
  });

  it('names layers so that they can be listed, and a layer of one channel has one scale', () => {
    const unnamed = build(
      [{ ...conv('a', 'images'), name: '' }, conv('b', 'a.out'), makeNode('Sigmoid', 'x,y', ['b.out'], ['output0'])],
      [...layer('a', 3, 1), ...layer('b', 1, 2)],
    );
    const statistics = statisticsOfValues({ images: range(0, 1), 'a.out': range(-1, 1), 'b.out': range(-1, 1) });
    const { model, integerConvs } = emitTensorrt(unnamed, statistics, { floatConvs: new Set(['b.out']) });
    expect(integerConvs).toEqual(['a.out']);
    expect(named(model, 'x_y')).toBeDefined();
    expect(constant(model, 'a.out_weight_scale')?.dims).toEqual([]);
    expect(validateTensorrt(reload(model))).toEqual([]);
  });

  it('refuses statistics of another model', () => {
    expect(() => emitTensorrt(exampleDetector(), statisticsOfValues({}), options)).toThrowError(/no range for "images"/);
  });
});

describe('the emulation of TensorRT', () => {
  const shipped = emitTensorrt(exampleDetector(), exampleStatistics, options).model;
  const emulated = emulateTensorrt(exampleDetector(), exampleStatistics, options).model;

  it('is the same graph, whose activations lie around 128', () => {
    expect(emulated.graph.node).toEqual(shipped.graph.node);
    const different = emulated.graph.initializer.filter((tensor, at) => {
      const other = shipped.graph.initializer[at];
      return Buffer.compare(tensor.rawData ?? Buffer.of(), other?.rawData ?? Buffer.of()) !== 0;
    });
    expect(different.map(({ name, dataType, rawData }) => [name, dataType, [...(rawData ?? [])]])).toEqual([
      ['takt_zero_point', DataType.uint8, [128]],
    ]);
  });

  it('has a faster form with the same scales, which ONNX Runtime fuses', () => {
    const fast = emitInt8(exampleDetector(), exampleStatistics, { ...options, weightLimit: 127, symmetric: true }).model;
    expect(validateOnnxruntime(reload(fast))).toEqual([]);
    expect([...(constant(fast, 'a.act_zero_point')?.rawData ?? [])]).toEqual([128]);
    expect(floats(fast, 'a.act_scale')).toEqual(floats(shipped, 'a.act_scale'));
  });
});

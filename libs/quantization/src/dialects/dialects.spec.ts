import {
  DataType,
  checkModel,
  floatTensor,
  fromFloat16,
  int8Tensor,
  int32Tensor,
  int64Tensor,
  makeNode,
  parseModel,
  serializeModel,
  uint8Tensor,
} from '@takt/onnx';
import type { Model, NodeProto, TensorProto } from '@takt/onnx';
import { describe, expect, it } from 'vitest';
import { emitInt8 } from '../graph/emit-int8.js';
import type { Statistics, ValueStatistics } from '../statistics/statistics.js';
import { emitFp16 } from './emit-fp16.js';
import { emitOpenvino } from './emit-openvino.js';
import { emitTensorrt } from './emit-tensorrt.js';
import { floatHex, tensorrtCalibration } from './tensorrt-calibration.js';
import { tensorrtFlags } from './tensorrt-flags.js';
import { myriadHasNoInt8, validateMyriad } from './validate-myriad.js';
import { validateOnnxruntime } from './validate-onnxruntime.js';
import { validateOpenvino } from './validate-openvino.js';
import { validateTensorrt } from './validate-tensorrt.js';
import type { Violation } from './violation.js';

const tensors = (name: string, from: number, to: number, size = 1): TensorProto[] => [
  floatTensor(
    `${name}.w`,
    [to, from, 1, 1],
    Float32Array.from({ length: to * from }, (_, i) => Math.sin(i + name.length) * size),
  ),
  floatTensor(
    `${name}.b`,
    [to],
    Float32Array.from({ length: to }, (_, i) => i / 10),
  ),
];
const conv = (name: string, input: string): NodeProto => makeNode('Conv', name, [input, `${name}.w`, `${name}.b`], [`${name}.out`]);
const silu = (name: string): NodeProto[] => [
  makeNode('Sigmoid', `${name}.sigmoid`, [`${name}.out`], [`${name}.sig`]),
  makeNode('Mul', `${name}.mul`, [`${name}.out`, `${name}.sig`], [`${name}.act`]),
];

const build = (node: NodeProto[], initializer: TensorProto[], output = 'output0'): Model => {
  const info = (name: string): Model['graph']['input'][number] => ({ name, type: { tensorType: { elemType: DataType.float } } });
  const graph = { node, initializer, input: [info('images')], output: [info(output)], valueInfo: [] };
  const model = { irVersion: 8, opsetImport: [{ domain: '', version: 13 }], metadataProps: [], functions: [], graph };
  return parseModel(serializeModel(model));
};

/** images → a → SiLU → b → SiLU; a + b → Concat with its pool → Resize → detect → Sigmoid. */
const detector = (): Model =>
  build(
    [
      conv('a', 'images'),
      ...silu('a'),
      conv('b', 'a.act'),
      ...silu('b'),
      makeNode('Add', 'add', ['a.act', 'b.act'], ['sum']),
      makeNode('MaxPool', 'pool', ['sum'], ['pooled'], { kernel_shape: [1n, 1n] }),
      makeNode('Concat', 'concat', ['sum', 'pooled'], ['cat'], { axis: 1n }),
      makeNode('Resize', 'resize', ['cat', '', 'scales'], ['up']),
      conv('detect', 'up'),
      makeNode('Sigmoid', 'scores', ['detect.out'], ['output0']),
    ],
    [...tensors('a', 3, 4), ...tensors('b', 4, 4), ...tensors('detect', 8, 6), floatTensor('scales', [4], Float32Array.of(1, 1, 2, 2))],
  );

const value = (low: number, high: number, amax: number, channels?: number): ValueStatistics => ({
  min: low - 1,
  max: high + 1,
  low,
  high,
  amax,
  ...(channels === undefined ? {} : { channelMeans: Array.from({ length: channels }, () => 0.5) }),
});
const statistics: Statistics = {
  format: 'takt.statistics',
  version: 1,
  model: 'sha256:',
  calibration: { digest: 'sha256:', images: 1, of: 1, sample: 1, seed: 0 },
  engine: 'onnxruntime 1.30.0',
  values: {
    images: value(0, 1, 1, 3),
    'a.out': value(-4, 6, 7),
    'a.sig': value(0, 1, 1),
    'a.act': value(-0.3, 6, 5, 4),
    'b.out': value(-4, 8, 8),
    'b.sig': value(0, 1, 1),
    'b.act': value(-0.3, 6, 5),
    sum: value(-0.3, 9, 6),
    pooled: value(-0.3, 9, 6),
    cat: value(-0.3, 9, 6),
    up: value(-0.3, 9, 6, 8),
    'detect.out': value(-9, 9, 9),
  },
};

const reload = (model: Model): Model => {
  const again = parseModel(serializeModel(model));
  checkModel(again);
  return again;
};
const rules = (violations: readonly Violation[]): string[] => [...new Set(violations.map(({ rule }) => rule))].sort();
const named = (model: Model, name: string): NodeProto | undefined => model.graph.node.find((node) => node.name === name);
const constant = (model: Model, name: string | undefined): TensorProto | undefined =>
  model.graph.initializer.find((each) => each.name === name);

describe('the OpenVINO dialect', () => {
  const { model, integerConvs } = emitOpenvino(detector(), statistics, { floatDetectConvs: true });
  const graph = reload(model);

  it('quantizes the inputs of convolutions and leaves every other reader the float value', () => {
    expect(integerConvs).toEqual(['a', 'b']);
    expect(named(graph, 'b')?.input[0]).toBe('a.act_dq');
    expect(named(graph, 'add')?.input).toEqual(['a.act', 'b.act']);
    expect(named(graph, 'a.sigmoid')?.input).toEqual(['a.out']);
    expect(named(graph, 'detect')?.input[1]).toBe('detect.w');
  });

  it('keeps the bias in float, corrected for the rounding of the weights', () => {
    const bias = constant(graph, named(graph, 'b')?.input[2]);
    expect(bias?.dataType).toBe(DataType.float);
    expect(bias?.name).not.toBe('b.b');
  });

  it('is valid for OpenVINO, and not for TensorRT', () => {
    expect(validateOpenvino(graph)).toEqual([]);
    expect(rules(validateTensorrt(graph))).toEqual(expect.arrayContaining(['int8', 'pairs']));
  });
});

describe('the TensorRT dialect', () => {
  const { model } = emitTensorrt(detector(), statistics, { floatDetectConvs: true });
  const graph = reload(model);

  it('has a pair for each reader, equal scales where values meet, and float weights and biases', () => {
    expect(named(graph, 'b')?.input[0]).toBe('a.act_for_b.out_dq');
    expect(named(graph, 'add')?.input).toEqual(['a.act_for_sum_dq', 'b.act_for_sum_dq']);
    const scaleOf = (value: string): number =>
      new Float32Array(new Uint8Array(constant(graph, `${value}_scale`)?.rawData ?? []).buffer)[0] ?? 0;
    expect(scaleOf('a.act')).toBe(Math.fround(5 / 127));
    expect(scaleOf('a.act')).toBe(scaleOf('b.act'));
    const weights = named(graph, 'b.w_for_b.out_q');
    expect(weights?.input[0]).toBe('b.w');
    expect(constant(graph, 'b.w')?.dataType).toBe(DataType.float);
    expect(named(graph, 'b')?.input[2]).toBe('b.b');
  });

  it('is valid for TensorRT, and ONNX Runtime would not fuse it', () => {
    expect(validateTensorrt(graph)).toEqual([]);
    expect(rules(validateOnnxruntime(graph))).toContain('conv-output');
  });

  it('is foretold on the same grid in uint8', () => {
    const emulated = emitInt8(detector(), statistics, { weightLimit: 127, floatDetectConvs: true, symmetric: true }).model;
    expect(validateOnnxruntime(reload(emulated))).toEqual([]);
    expect([...(constant(emulated, 'a.act_zero_point')?.rawData ?? [])]).toEqual([128]);
    expect(constant(emulated, 'a.act_scale')?.rawData).toEqual(constant(graph, 'a.act_scale')?.rawData);
  });
});

describe('the calibration cache', () => {
  const lines = tensorrtCalibration(detector(), statistics).trimEnd().split('\n');
  const entries = new Map(lines.slice(1).map((line) => line.split(': ') as [string, string]));

  it('has the header of the TensorRT that reads it', () => {
    expect(lines[0]).toBe('TRT-8501-EntropyCalibration2');
    expect(tensorrtCalibration(detector(), statistics, 8601)).toMatch(/^TRT-8601-EntropyCalibration2\n/);
  });

  it('holds float32 scales as big-endian hex', () => {
    // A line of NVIDIA's own cache: 0.0078721.
    expect(floatHex(2 ** -7 * (1 + 0xf9f4 / 2 ** 23))).toBe('3c00f9f4');
    expect(entries.get('images')).toBe(floatHex(1 / 127));
    expect([...entries.values()].every((hex) => /^[0-9a-f]{8}$/.test(hex))).toBe(true);
  });

  it('gives a SiLU one scale, and every value of the integer part a line', () => {
    expect(entries.get('a.out')).toBe(entries.get('a.act'));
    expect(entries.get('a.sig')).toBe(entries.get('a.act'));
    expect(entries.get('b.act')).toBe(floatHex(5 / 127));
    expect([...entries.keys()].sort()).toEqual(Object.keys(statistics.values).sort());
  });

  it('goes with flags that TensorRT 8.5 knows', () => {
    const flags = tensorrtFlags({ explicit: 'q.onnx', fp32: 'f.onnx', calibration: 'f.calib' }, ['detect']);
    expect(flags.calibrated).toEqual([
      '--onnx=f.onnx',
      '--int8',
      '--fp16',
      '--calib=f.calib',
      '--precisionConstraints=obey',
      '--layerPrecisions=detect:fp16',
    ]);
    expect(flags.explicit).not.toContain('--calib=f.calib');
    expect(tensorrtFlags({ explicit: 'q', fp32: 'f', calibration: 'c' }, []).explicit).toEqual(['--onnx=q', '--int8', '--fp16']);
  });
});

describe('half precision', () => {
  const { model, clipped } = emitFp16(detector());
  const graph = reload(model);

  it('keeps inputs and outputs in float32 and computes in float16', () => {
    expect(graph.graph.input[0]?.type?.tensorType?.elemType).toBe(DataType.float);
    expect(named(graph, 'images_to_fp16')).toMatchObject({ input: ['images'], output: ['images_fp16'] });
    expect(named(graph, 'output0_to_fp32')).toMatchObject({ input: ['output0_fp16'], output: ['output0'] });
    expect(named(graph, 'a')?.input[0]).toBe('images_fp16');
    const weights = constant(graph, 'a.w');
    expect(weights?.dataType).toBe(DataType.float16);
    const bits = new Uint16Array(new Uint8Array(weights?.rawData ?? []).buffer);
    expect(fromFloat16(bits[0] ?? 0)).toBeCloseTo(Math.sin(1), 3);
    expect(clipped).toEqual([]);
  });

  it('leaves what ONNX wants in float32', () => {
    expect(constant(graph, 'scales')?.dataType).toBe(DataType.float);
    expect(validateMyriad(graph)).toEqual([]);
  });

  it('clips what half precision cannot hold, and names it', () => {
    const large = build([conv('a', 'images'), makeNode('Identity', 'i', ['a.out'], ['output0'])], tensors('a', 3, 4, 1e6));
    expect(emitFp16(large).clipped).toEqual(['a.w']);
  });

  it('refuses an opset that the old front end does not read', () => {
    const newer = { ...detector(), opsetImport: [{ domain: '', version: 16 }] };
    expect(() => emitFp16(newer)).toThrowError(/opset 16/);
  });
});

describe('MYRIAD', () => {
  it('takes no integers, and the refusal says why and what to do', () => {
    const { model } = emitOpenvino(detector(), statistics, { floatDetectConvs: true });
    expect(rules(validateMyriad(model))).toEqual(['half-precision', 'no-quantization']);
    expect(myriadHasNoInt8()).toMatchObject({ code: 'Int8NotOnMyriad', action: expect.stringContaining('fp16') as string });
  });
});

describe('the rules of TensorRT', () => {
  const scale = floatTensor('s', [], Float32Array.of(0.1));
  const perChannel = floatTensor('s2', [2], Float32Array.of(0.1, 0.2));
  const zero = int8Tensor('z', [], Int8Array.of(0));
  const pair = (source: string, s: string, z: string, axis?: bigint): NodeProto[] => [
    makeNode('QuantizeLinear', 'q', [source, s, z], ['q'], axis === undefined ? {} : { axis }),
    makeNode('DequantizeLinear', 'd', ['q', s, z], ['output0'], axis === undefined ? {} : { axis }),
  ];
  it.each<[string, NodeProto[], TensorProto[]]>([
    ['int8', pair('images', 's', 'u'), [scale, uint8Tensor('u', [], Uint8Array.of(0))]],
    ['zero-point', pair('images', 's', 'n'), [scale, int8Tensor('n', [], Int8Array.of(3))]],
    ['positive-scale', pair('images', 'n', 'z'), [zero, floatTensor('n', [], Float32Array.of(0))]],
    ['three-inputs', [makeNode('QuantizeLinear', 'q', ['images', 's'], ['output0'])], [scale]],
    ['per-channel-weights', pair('images', 's2', 'z2', 0n), [perChannel, int8Tensor('z2', [2], new Int8Array(2))]],
    [
      'per-channel-axis',
      pair('w', 's2', 'z2', 1n),
      [perChannel, int8Tensor('z2', [2], new Int8Array(2)), floatTensor('w', [2, 2], new Float32Array(4))],
    ],
    ['pairs', [makeNode('DequantizeLinear', 'd', ['w', 's', 'z'], ['output0'])], [scale, zero, int8Tensor('w', [2], new Int8Array(2))]],
    ['constant-parameters', pair('images', 'images', 'z'), [zero]],
    ['no-qlinear', [makeNode('QLinearConv', 'c', ['images'], ['output0'])], []],
    ['no-dynamic', [makeNode('DynamicQuantizeLinear', 'c', ['images'], ['output0'])], []],
  ])('find %s', (rule, nodes, constants) => {
    expect(rules(validateTensorrt(build(nodes, constants)))).toContain(rule);
  });

  it('find a bias behind DQ and weights without a quantized input', () => {
    const { model } = emitInt8(detector(), statistics, { weightLimit: 127, floatDetectConvs: true });
    expect(rules(validateTensorrt(model))).toContain('float-bias');
    const graph = emitTensorrt(detector(), statistics, { floatDetectConvs: true }).model;
    const node = graph.graph.node.map((each) => (each.name === 'b' ? { ...each, input: ['a.act', ...each.input.slice(1)] } : each));
    expect(rules(validateTensorrt({ ...graph, graph: { ...graph.graph, node } }))).toEqual(['conv-input']);
  });

  it('find a newer opset', () => {
    expect(rules(validateTensorrt({ ...detector(), opsetImport: [{ domain: '', version: 18 }] }))).toEqual(['opset']);
  });
});

describe('the rules of ONNX Runtime', () => {
  const good = emitInt8(detector(), statistics, { weightLimit: 127, floatDetectConvs: true }).model;
  const change = (from: string, to: TensorProto): Model => ({
    ...good,
    graph: { ...good.graph, initializer: good.graph.initializer.map((each) => (each.name === from ? to : each)) },
  });

  it('hold for what takt emits', () => {
    expect(validateOnnxruntime(good)).toEqual([]);
  });

  it('find a bias scale that is not input scale · weight scale', () => {
    const wrong = change('b.out_bias_scale', floatTensor('b.out_bias_scale', [4], Float32Array.of(1, 1, 1, 1)));
    expect(rules(validateOnnxruntime(wrong))).toEqual(['conv-bias-scale']);
  });

  it('find a bias that is no int32', () => {
    const wrong = change('b.out_bias_zero_point', int8Tensor('b.out_bias_zero_point', [4], new Int8Array(4)));
    expect(rules(validateOnnxruntime(wrong))).toEqual(['conv-bias-type']);
    expect(int32Tensor('a', [1], Int32Array.of(1)).dataType).toBe(DataType.int32);
  });

  it('find signed activations with two readers, which only ARM runs', () => {
    const signed = change('a.out_zero_point', int8Tensor('a.out_zero_point', [], Int8Array.of(0)));
    const twice = {
      ...signed,
      graph: {
        ...signed.graph,
        node: [...signed.graph.node, makeNode('DequantizeLinear', 'd2', ['a.out_q', 'a.out_scale', 'a.out_zero_point'], ['d2'])],
      },
    };
    expect(rules(validateOnnxruntime(twice))).toEqual(['signed-activation']);
    expect(validateOnnxruntime(twice, true)).toEqual([]);
  });

  it('find a Concat of different scales', () => {
    const wrong = change('cat_scale', floatTensor('cat_scale', [], Float32Array.of(0.5)));
    expect(rules(validateOnnxruntime(wrong))).toContain('equal-parameters');
  });
});

describe('the rules of OpenVINO', () => {
  it('find activations in integers, a Q before them, and operators that it does not read', () => {
    const ort = emitInt8(detector(), statistics, { weightLimit: 127, floatDetectConvs: true }).model;
    expect(rules(validateOpenvino(ort))).toEqual(['conv-output', 'float-activation']);
    expect(rules(validateOpenvino(build([makeNode('QLinearConv', 'c', ['images'], ['output0'])], [])))).toEqual(['no-qlinear']);
  });

  it('find weights without a quantized input', () => {
    const good = emitOpenvino(detector(), statistics, { floatDetectConvs: true }).model;
    const node = good.graph.node.map((each) => (each.name === 'b' ? { ...each, input: ['a.act', ...each.input.slice(1)] } : each));
    expect(rules(validateOpenvino({ ...good, graph: { ...good.graph, node } }))).toEqual(['conv-input']);
  });
});

it('int64 constants stay what they are in half precision', () => {
  const model = build([makeNode('Reshape', 'r', ['images', 'shape'], ['output0'])], [int64Tensor('shape', [1], BigInt64Array.of(-1n))]);
  expect(constant(emitFp16(model).model, 'shape')?.dataType).toBe(DataType.int64);
});

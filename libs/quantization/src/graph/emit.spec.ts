import { DataType, checkModel, floatTensor, int8Values, int64Tensor, intAttribute, makeNode, parseModel, serializeModel } from '@takt/onnx';
import type { Model, NodeProto, TensorProto } from '@takt/onnx';
import { describe, expect, it } from 'vitest';
import type { Statistics, ValueStatistics } from '../statistics/statistics.js';
import { validateOnnxruntime } from '../dialects/validate-onnxruntime.js';
import { WeightLimit } from '../math/weights.js';
import { emitInt8 } from './emit-int8.js';
import { emitLibraryDefault } from './emit-library-default.js';
import { toPortableModel } from './portable-model.js';
import { findRegion } from './region.js';
import { planValues } from './value-plan.js';

const conv = (name: string, input: string, from: number, to: number): { nodes: NodeProto[]; tensors: TensorProto[] } => ({
  nodes: [makeNode('Conv', name, [input, `${name}.w`, `${name}.b`], [`${name}.out`])],
  tensors: [
    floatTensor(
      `${name}.w`,
      [to, from, 1, 1],
      Float32Array.from({ length: to * from }, (_, i) => Math.sin(i + name.length)),
    ),
    floatTensor(
      `${name}.b`,
      [to],
      Float32Array.from({ length: to }, (_, i) => i / 10),
    ),
  ],
});

const silu = (name: string): NodeProto[] => [
  makeNode('Sigmoid', `${name}.sigmoid`, [`${name}.out`], [`${name}.sig`]),
  makeNode('Mul', `${name}.mul`, [`${name}.out`, `${name}.sig`], [`${name}.act`]),
];

/** images → a → SiLU → (b → SiLU, MaxPool) → Concat → detect → Reshape → Sigmoid. */
function sampleModel(): Model {
  const [a, b, detect] = [conv('a', 'images', 3, 4), conv('b', 'a.act', 4, 4), conv('detect', 'cat', 8, 6)];
  const model = {
    irVersion: 8,
    opsetImport: [
      { domain: '', version: 13 },
      { domain: 'com.microsoft', version: 1 },
    ],
    metadataProps: [{ key: 'names', value: "{0: 'x'}" }],
    functions: [],
    graph: {
      node: [
        ...a.nodes,
        ...silu('a'),
        ...b.nodes,
        ...silu('b'),
        makeNode('MaxPool', 'pool', ['a.act'], ['pooled'], { kernel_shape: [1n, 1n] }),
        makeNode('Concat', 'concat', ['b.act', 'pooled'], ['cat'], { axis: 1n }),
        ...detect.nodes,
        makeNode('Reshape', 'reshape', ['detect.out', 'shape'], ['flat']),
        makeNode('Sigmoid', 'scores', ['flat'], ['output0']),
      ],
      initializer: [...a.tensors, ...b.tensors, ...detect.tensors, int64Tensor('shape', [3], BigInt64Array.of(1n, -1n, 6n))],
      input: [{ name: 'images' }],
      output: [{ name: 'output0' }],
      valueInfo: [],
    },
  };
  return parseModel(serializeModel(model));
}

const value = (low: number, high: number, extra: Partial<ValueStatistics> = {}): ValueStatistics => ({
  min: low - 1,
  max: high + 1,
  low,
  high,
  ...extra,
});

const statistics: Statistics = {
  format: 'takt.statistics',
  version: 1,
  model: 'sha256:',
  calibration: { digest: 'sha256:', images: 1, of: 1, sample: 1, seed: 0 },
  engine: 'onnxruntime 1.30.0',
  values: {
    images: { min: 0, max: 1, low: 0, high: 1, channelMeans: [0.5, 0.5, 0.5] },
    'a.out': value(-4, 6),
    'a.sig': value(0, 1),
    'a.act': value(-0.3, 6, { channelMeans: [1, 1, 1, 1] }),
    'b.out': value(-4, 8),
    'b.sig': value(0, 1),
    'b.act': value(-0.3, 6),
    pooled: value(-0.3, 6),
    cat: value(-0.3, 6, { channelMeans: Array.from({ length: 8 }, () => 1) }),
    'detect.out': value(-9, 9),
  },
};

const opsOf = (model: Model): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { opType = '' } of model.graph.node) counts[opType] = (counts[opType] ?? 0) + 1;
  return counts;
};

const reload = (model: Model): Model => {
  const again = parseModel(serializeModel(model));
  checkModel(again);
  return again;
};

describe('findRegion', () => {
  it('ends at the last convolutions and finds them', () => {
    const region = findRegion(sampleModel());
    expect([...region.detectConvs].map(({ name }) => name)).toEqual(['detect']);
    expect(region.values).toEqual(['images', 'a.out', 'a.sig', 'a.act', 'b.out', 'b.sig', 'b.act', 'pooled', 'cat', 'detect.out']);
    expect(region.nodes.map(({ name }) => name)).not.toContain('reshape');
  });

  it('leaves the detect convolutions out on demand', () => {
    const region = findRegion(sampleModel(), { floatConvs: new Set(['detect.out']) });
    expect(region.nodes.map(({ name }) => name)).not.toContain('detect');
    expect(region.values).not.toContain('detect.out');
  });

  it('refuses a model that is quantized already, and one without convolutions', () => {
    expect(() =>
      findRegion(emitInt8(sampleModel(), statistics, { weightLimit: 127, floatConvs: new Set(['detect.out']) }).model, {
        floatConvs: new Set(['detect.out']),
      }),
    ).toThrowError(/holds quantized operators/);
    const model = sampleModel();
    const none = { ...model, graph: { ...model.graph, node: [makeNode('Sigmoid', 's', ['images'], ['output0'])] } };
    expect(() => findRegion(none, { floatConvs: new Set(['detect.out']) })).toThrowError(/no convolution/);
  });

  it('puts no Q between a convolution and the ReLU that absorbs it', () => {
    const model = sampleModel();
    const node = model.graph.node
      .filter(({ name }) => name !== 'b.sigmoid')
      .map((current) => (current.name === 'b.mul' ? makeNode('Relu', 'b.relu', ['b.out'], ['b.act']) : current));
    const region = findRegion({ ...model, graph: { ...model.graph, node } }, { floatConvs: new Set(['detect.out']) });
    expect(region.values).not.toContain('b.out');
    expect(region.values).toContain('b.act');
  });
});

describe('planValues', () => {
  it('ties Concat and MaxPool, knows Sigmoid, and sees SiLU', () => {
    const plan = planValues(findRegion(sampleModel()));
    expect(plan.groups.find((group) => group.includes('cat'))).toEqual(['a.act', 'b.act', 'pooled', 'cat']);
    expect(plan.analytic.get('a.sig')).toEqual({ low: 0, high: 1 });
    expect([...plan.transfers.keys()]).toEqual(['a.out', 'b.out']);
    expect([...plan.channelMeans]).toEqual(['images', 'a.act', 'cat']);
  });
});

describe('emitInt8', () => {
  const emitted = emitInt8(sampleModel(), statistics, { weightLimit: 64, floatConvs: new Set(['detect.out']) });
  const model = reload(emitted.model);

  it('puts one Q/DQ pair on each value and a DQ on each weight and bias', () => {
    expect(emitted.integerConvs).toEqual(['a', 'b']);
    expect(opsOf(model)).toMatchObject({ Conv: 3, QuantizeLinear: 9, DequantizeLinear: 9 + 2 * 2 });
  });

  it('uses uint8 with zero point, int8 weights per channel and int32 bias with scale input × weight', () => {
    const { initializers, producers } = checkModel(model);
    const first = model.graph.node.find(({ name }) => name === 'a');
    const [input = '', weight = '', bias = ''] = first?.input ?? [];
    expect(input).toBe('images_dq');
    const weightDq = producers.get(weight);
    expect(intAttribute(weightDq ?? makeNode('', '', [], []), 'axis', -1)).toBe(0);
    const quantized = initializers.get(weightDq?.input[0] ?? '');
    if (!quantized) throw new Error('no weights');
    expect(Math.max(...int8Values(quantized).map(Math.abs))).toBeLessThanOrEqual(64);
    const scales = [producers.get(bias)?.input[1], weightDq?.input[1], 'images_scale'].map((name) => initializers.get(name ?? '')?.rawData);
    const [biasScale, weightScale, inputScale] = scales.map((raw) => new Float32Array(new Uint8Array(raw ?? []).buffer));
    biasScale?.forEach((scale, channel) => {
      expect(scale / ((weightScale?.[channel] ?? 0) * (inputScale?.[0] ?? 0))).toBeCloseTo(1, 5);
    });
  });

  it('keeps the head, the metadata and only the operator sets in use', () => {
    expect(model.graph.node.find(({ name }) => name === 'detect')?.input).toEqual(['cat_dq', 'detect.w', 'detect.b']);
    expect(model.metadataProps[0]?.value).toBe("{0: 'x'}");
    expect(model.opsetImport.map(({ domain }) => domain ?? '')).toEqual(['']);
    expect(model.graph.initializer.map(({ name }) => name)).not.toContain('a.w');
  });

  it('gives equal bytes for equal inputs', () => {
    const again = emitInt8(sampleModel(), statistics, { weightLimit: 64, floatConvs: new Set(['detect.out']) });
    expect(Buffer.compare(serializeModel(again.model), serializeModel(emitted.model))).toBe(0);
  });

  it('refuses statistics that lack a value', () => {
    const { 'b.act': _, ...values } = statistics.values;
    expect(() =>
      emitInt8(sampleModel(), { ...statistics, values }, { weightLimit: 127, floatConvs: new Set(['detect.out']) }),
    ).toThrowError(/no range for "b.act"/);
  });
});

describe('emitLibraryDefault', () => {
  it('uses int8 from min and max, one weight scale, and the input parameters behind MaxPool', () => {
    const { model, integerConvs } = emitLibraryDefault(sampleModel(), statistics);
    const { initializers } = checkModel(reload(model));
    expect(integerConvs).toEqual(['a', 'b', 'detect']);
    expect(initializers.get('a.out_weight_scale')?.dims).toEqual([]);
    expect(initializers.get('pooled_scale')?.rawData).toEqual(initializers.get('a.act_scale')?.rawData);
    expect(initializers.get('a.act_zero_point')?.dataType).toBe(3);
    expect(new Float32Array(new Uint8Array(initializers.get('a.out_scale')?.rawData ?? []).buffer)[0]).toBeCloseTo(12 / 255, 6);
  });
});

describe('toPortableModel', () => {
  it('raises opset 11 and moves what became inputs', () => {
    const model = sampleModel();
    const squeeze = makeNode('Squeeze', 'squeeze', ['flat'], ['squeezed'], { axes: [0n] });
    const old: Model = {
      ...model,
      irVersion: 6,
      opsetImport: [{ version: 11 }],
      graph: { ...model.graph, node: [...model.graph.node, squeeze] },
    };
    const raised = toPortableModel(old);
    expect(raised.opsetImport).toEqual([{ version: 13 }]);
    expect(raised.irVersion).toBe(7);
    expect(raised.graph.node.at(-1)).toMatchObject({ input: ['flat', 'squeezed_axes'], attribute: [] });
    const softmax = { ...old, graph: { ...old.graph, node: [...old.graph.node, makeNode('Softmax', 'soft', ['flat'], ['s'])] } };
    expect(() => toPortableModel(softmax)).toThrowError(/Softmax, whose meaning changed/);
  });
});

describe('a network that is no detector', () => {
  const weights = floatTensor('w', [2, 3, 1, 1], Float32Array.of(1, 0.5, -1, 0.25, 1, -0.5));
  const network = (node: readonly NodeProto[]): Model => {
    const info = (name: string): Model['graph']['input'][number] => ({ name, type: { tensorType: { elemType: DataType.float } } });
    const graph = { node, initializer: [weights], input: [info('images')], output: [info('y')], valueInfo: [] };
    return parseModel(
      serializeModel({ irVersion: 8, opsetImport: [{ domain: '', version: 13 }], metadataProps: [], functions: [], graph }),
    );
  };
  const ranges = { ...statistics, values: { images: value(0, 1), y: value(-2, 2), c: value(-2, 2) } };

  it('gives its last convolution after rounding, under the name that it had', () => {
    const { model } = emitInt8(network([makeNode('Conv', 'conv', ['images', 'w'], ['y'])]), ranges, { weightLimit: WeightLimit.eightBit });
    const last = reload(model).graph.node.slice(-3);
    expect(last.map(({ opType, output }) => [opType, output])).toEqual([
      ['Conv', ['y_float']],
      ['QuantizeLinear', ['y_q']],
      ['DequantizeLinear', ['y']],
    ]);
    expect(validateOnnxruntime(model)).toEqual([]);
  });

  it('may have a ReLU between a convolution and its Q, which takes it up', () => {
    const nodes = [
      makeNode('Conv', 'conv', ['images', 'w'], ['c']),
      makeNode('Relu', 'relu', ['c'], ['r']),
      makeNode('MaxPool', 'pool', ['r'], ['p'], { kernel_shape: [1n, 1n] }),
      makeNode('Conv', 'next', ['p', 'v'], ['y']),
    ];
    const base = network(nodes);
    const more = floatTensor('v', [1, 2, 1, 1], Float32Array.of(1, -1));
    const graph = { ...base.graph, initializer: [...base.graph.initializer, more] };
    const known = { ...ranges, values: { ...ranges.values, r: value(0, 2), p: value(0, 2) } };
    const { model, integerConvs } = emitInt8({ ...base, graph }, known, { weightLimit: WeightLimit.eightBit });
    expect(integerConvs).toEqual(['conv', 'next']);
    expect(validateOnnxruntime(model)).toEqual([]);
  });
});

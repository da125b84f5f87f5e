import { DataType, checkModel, floatTensor, makeNode, parseModel, serializeModel } from '@takt/onnx';
import type { Model, NodeProto, TensorProto } from '@takt/onnx';
import type { Statistics, ValueStatistics } from '../src/statistics/statistics.js';

/** Weights and bias of a 1×1 convolution. */
export const layer = (name: string, from: number, to: number, size = 1): TensorProto[] => [
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

export const conv = (name: string, input: string): NodeProto => makeNode('Conv', name, [input, `${name}.w`, `${name}.b`], [`${name}.out`]);

const silu = (name: string): NodeProto[] => [
  makeNode('Sigmoid', `${name}.sigmoid`, [`${name}.out`], [`${name}.sig`]),
  makeNode('Mul', `${name}.mul`, [`${name}.out`, `${name}.sig`], [`${name}.act`]),
];

/** A model from float `images` to float `output0`. */
export function build(node: readonly NodeProto[], initializer: readonly TensorProto[], opset = 13): Model {
  const info = (name: string): Model['graph']['input'][number] => ({ name, type: { tensorType: { elemType: DataType.float } } });
  const graph = { node, initializer, input: [info('images')], output: [info('output0')], valueInfo: [] };
  return reload({ irVersion: 8, opsetImport: [{ domain: '', version: opset }], metadataProps: [], functions: [], graph }, false);
}

/** images → a → SiLU → b → SiLU; a + b → Concat with its pool → Resize → detect → Sigmoid. */
export const exampleDetector = (opset = 13): Model =>
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
    [...layer('a', 3, 4), ...layer('b', 4, 4), ...layer('detect', 8, 6), floatTensor('scales', [4], Float32Array.of(1, 1, 2, 2))],
    opset,
  );

/** @param channels of an input of a convolution, whose means are known. */
export const range = (low: number, high: number, amax?: number, channels?: number): ValueStatistics => ({
  min: low - 1,
  max: high + 1,
  low,
  high,
  ...(amax === undefined ? {} : { amax }),
  ...(channels === undefined ? {} : { channelMeans: Array.from({ length: channels }, () => 0.5) }),
});

export const statisticsOfValues = (values: Statistics['values']): Statistics => ({
  format: 'takt.statistics',
  version: 1,
  model: 'sha256:',
  calibration: { digest: 'sha256:', images: 1, of: 1, sample: 1, seed: 0 },
  engine: 'onnxruntime 1.30.0',
  values,
});

export const exampleStatistics: Statistics = statisticsOfValues({
  images: range(0, 1, 1, 3),
  'a.out': range(-4, 6, 7),
  'a.sig': range(0, 1, 1),
  'a.act': range(-0.3, 6, 5, 4),
  'b.out': range(-4, 8, 8),
  'b.sig': range(0, 1, 1),
  'b.act': range(-0.3, 6, 5),
  sum: range(-0.3, 9, 6),
  pooled: range(-0.3, 9, 6),
  cat: range(-0.3, 9, 6),
  up: range(-0.3, 9, 6, 8),
  'detect.out': range(-9, 9, 9),
});

/** The model as it comes back from a file. */
export function reload(model: Model, check = true): Model {
  const again = parseModel(serializeModel(model));
  if (check) checkModel(again);
  return again;
}

export const rules = (violations: readonly { readonly rule: string }[]): string[] =>
  [...new Set(violations.map(({ rule }) => rule))].sort();
export const named = (model: Model, name: string): NodeProto | undefined => model.graph.node.find((node) => node.name === name);
export const constant = (model: Model, name: string | undefined): TensorProto | undefined =>
  model.graph.initializer.find((each) => each.name === name);

/** The model with one constant replaced. */
export const withConstant = (model: Model, name: string, tensor: TensorProto): Model => ({
  ...model,
  graph: { ...model.graph, initializer: model.graph.initializer.map((each) => (each.name === name ? tensor : each)) },
});

/** The model with an input of one node replaced. */
export const withInput = (model: Model, name: string, index: number, value: string): Model => ({
  ...model,
  graph: {
    ...model.graph,
    node: model.graph.node.map((node) => (node.name === name ? { ...node, input: node.input.with(index, value) } : node)),
  },
});

export const withNodes = (model: Model, ...added: readonly NodeProto[]): Model => ({
  ...model,
  graph: { ...model.graph, node: [...model.graph.node, ...added] },
});

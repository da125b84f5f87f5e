import { DataType, floatTensor, makeNode, parseModel } from '@takt/onnx';
import type { NodeProto, TensorProto } from '@takt/onnx';
import type { ByteMutation } from './byte-mutations.js';
import type { Dice } from './dice.js';
import { at, attribute, edit, editGraph, editNode, editTensor, renameValue, withDims } from './graph-edit.js';

/** Names that mean something to a language, a terminal or a table. */
const NAMES: readonly (() => string)[] = [
  () => '__proto__',
  () => 'constructor',
  () => 'toString',
  () => '',
  () => '\u0000',
  () => '\u001b[2J\u001b]0;owned\u0007',
  () => '\u202edetcelfer',
  () => '../../../etc/passwd',
  () => '${jndi:ldap://x}`"\'<script>',
  () => 'n'.repeat(2 ** 20),
  () => '🦀'.repeat(5_000),
  () => '\ud800',
];

const HUGE = [0, -1, -(2 ** 31), 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 1, -(2 ** 53 - 1)];
const INTS = [0n, 1n, -1n, 2n, 7n, 255n, 65_536n, 2n ** 31n - 1n, -(2n ** 31n), 2n ** 32n, 2n ** 62n, -(2n ** 63n), 2n ** 63n - 1n];

const nodes = (bytes: Uint8Array): readonly NodeProto[] => parseModel(bytes).graph.node;
const anyNode = (bytes: Uint8Array, dice: Dice): number => dice.roll(Math.max(1, nodes(bytes).length));
const anyTensor = (bytes: Uint8Array, dice: Dice): number => dice.roll(Math.max(1, parseModel(bytes).graph.initializer.length));

/** One of the nodes of an operator, or any where there is none. */
function nodeOf(bytes: Uint8Array, operator: string, dice: Dice): number {
  const found = nodes(bytes).flatMap(({ opType }, index) => (opType === operator ? [index] : []));
  return found.length > 0 ? dice.pick(found) : anyNode(bytes, dice);
}

/** Every value of a model by name. */
function values(bytes: Uint8Array): string[] {
  const { graph } = parseModel(bytes);
  return [
    ...graph.node.flatMap(({ output }) => output),
    ...graph.initializer.map(({ name }) => name ?? ''),
    ...graph.input.map(({ name }) => name ?? ''),
  ];
}

const withAttribute = (node: NodeProto, name: string, ints: readonly bigint[]): NodeProto => ({
  ...node,
  attribute: [...node.attribute.filter((each) => each.name !== name), attribute(name, { type: 7, ints })],
});

/** Damage to the graph of a model: valid protobuf that describes something impossible, or nothing that takt should run. */
export const GRAPH_MUTATIONS = {
  'a cycle': (bytes, dice) => {
    const later = nodes(bytes)
      .slice(-10)
      .flatMap(({ output }) => output);
    return editNode(bytes, dice.roll(8), (node) => ({ ...node, input: at(node.input, 0, () => dice.pick(later)) }));
  },
  'a node that reads itself': (bytes, dice) =>
    editNode(bytes, anyNode(bytes, dice), (node) => ({
      ...node,
      input: at(node.input, dice.roll(node.input.length || 1), () => node.output[0] ?? ''),
    })),
  'a value made twice': (bytes, dice) => editNode(bytes, anyNode(bytes, dice), (node) => ({ ...node, output: [dice.pick(values(bytes))] })),
  'a node doubled': (bytes, dice) => editGraph(bytes, ({ node }) => ({ node: [...node, dice.pick(node)] })),
  'an initializer doubled': (bytes, dice) =>
    editGraph(bytes, ({ initializer }) => ({ initializer: [...initializer, dice.pick(initializer)] })),
  'an input or output doubled': (bytes, dice) =>
    editGraph(bytes, ({ input, output }) => (dice.roll(2) === 0 ? { input: [...input, ...input] } : { output: [...output, ...output] })),
  'nodes in another order': (bytes, dice) =>
    editGraph(bytes, ({ node }) => {
      const from = dice.roll(node.length);
      return { node: dice.roll(2) === 0 ? node.toReversed() : [...node.slice(from), ...node.slice(0, from)] };
    }),
  'a node removed': (bytes, dice) => editGraph(bytes, ({ node }) => ({ node: node.toSpliced(dice.roll(node.length), 1 + dice.roll(3)) })),
  'an initializer removed': (bytes, dice) =>
    editGraph(bytes, ({ initializer }) => ({ initializer: initializer.toSpliced(dice.roll(initializer.length), 1) })),
  'inputs of a node removed': (bytes, dice) =>
    editNode(bytes, anyNode(bytes, dice), (node) => ({ ...node, input: node.input.slice(0, dice.roll(node.input.length || 1)) })),
  'inputs of a node left out': (bytes, dice) =>
    editNode(bytes, anyNode(bytes, dice), (node) => ({ ...node, input: at(node.input, dice.roll(node.input.length || 1), () => '') })),
  'inputs of a node exchanged': (bytes, dice) =>
    editNode(bytes, anyNode(bytes, dice), (node) => ({ ...node, input: node.input.toReversed() })),
  'an input of another place': (bytes, dice) =>
    editNode(bytes, anyNode(bytes, dice), (node) => ({
      ...node,
      input: at(node.input, dice.roll(node.input.length || 1), () => dice.pick(values(bytes))),
    })),
  'too many inputs': (bytes, dice) =>
    editNode(bytes, anyNode(bytes, dice), (node) => ({
      ...node,
      input: Array.from({ length: 10 ** (1 + dice.roll(4)) }, () => node.input[0] ?? ''),
    })),
  'outputs of a node removed': (bytes, dice) => editNode(bytes, anyNode(bytes, dice), (node) => ({ ...node, output: [] })),
  'no inputs or no outputs': (bytes, dice) => editGraph(bytes, () => (dice.roll(2) === 0 ? { input: [] } : { output: [] })),
  'no nodes': (bytes) => editGraph(bytes, () => ({ node: [] })),
  'another operator': (bytes, dice) =>
    editNode(bytes, anyNode(bytes, dice), (node) => ({
      ...node,
      opType: dice.pick([
        'Relu',
        'Gather',
        'Where',
        'TopK',
        'LSTM',
        'NonZero',
        'Einsum',
        'Shape',
        'Concat',
        'MatMul',
        'Reshape',
        'Split',
        'Conv',
        'Frobnicate',
        '',
      ]),
    })),
  'a foreign domain': (bytes, dice) =>
    editNode(bytes, anyNode(bytes, dice), (node) => ({ ...node, domain: dice.pick(['com.microsoft', 'ai.onnx.ml', 'x', '\u0000']) })),
  'a node of training': (bytes, dice) =>
    editNode(bytes, anyNode(bytes, dice), (node) =>
      dice.pick<NodeProto>([
        { ...node, domain: 'ai.onnx.preview.training', opType: 'Gradient' },
        { ...node, opType: 'ConvGrad' },
        { ...makeNode('BatchNormalization', 'bn', node.input, node.output, { training_mode: 1n }) },
        { ...node, opType: 'SoftmaxCrossEntropyLoss' },
      ]),
    ),
  'control flow': (bytes, dice) =>
    editNode(bytes, anyNode(bytes, dice), (node) => ({
      ...node,
      opType: dice.pick(['If', 'Loop', 'Scan', node.opType ?? '']),
      attribute: [...node.attribute, attribute('body', { type: 5, g: new Uint8Array(dice.roll(40)) })],
    })),
  'a hostile attribute': (bytes, dice) =>
    editNode(bytes, dice.roll(3) > 0 ? nodeOf(bytes, 'Conv', dice) : anyNode(bytes, dice), (node) => {
      const name = dice.pick(['kernel_shape', 'strides', 'pads', 'dilations', 'perm', 'axes', 'split', node.attribute[0]?.name ?? 'x']);
      return withAttribute(
        node,
        name,
        Array.from({ length: dice.pick([0, 1, 2, 4, 4, 1000]) }, () => dice.pick(INTS)),
      );
    }),
  'a hostile number as attribute': (bytes, dice) =>
    editNode(bytes, anyNode(bytes, dice), (node) => {
      const name = dice.pick(['axis', 'group', 'keepdims', 'to', 'storage_order', 'ceil_mode']);
      return { ...node, attribute: [...node.attribute, attribute(name, { type: 2, i: dice.pick(INTS) })] };
    }),
  'an attribute of another type': (bytes, dice) =>
    editNode(bytes, nodeOf(bytes, dice.pick(['Conv', 'MaxPool', 'Concat', 'Transpose', 'Resize']), dice), (node) => ({
      ...node,
      attribute: node.attribute.map((each) => attribute(each.name ?? '', { type: dice.roll(12), f: Number.NaN, s: Uint8Array.of(0xff) })),
    })),
  'attributes removed': (bytes, dice) =>
    editNode(bytes, nodeOf(bytes, dice.pick(['Conv', 'MaxPool', 'Concat', 'Transpose', 'Resize']), dice), (node) => ({
      ...node,
      attribute: [],
    })),
  'a tensor of another size': (bytes, dice) =>
    editTensor(bytes, anyTensor(bytes, dice), (tensor) => ({ ...tensor, rawData: new Uint8Array(dice.pick([0, 1, 3, 4, 7, 4096])) })),
  'a tensor of another shape': (bytes, dice) =>
    editTensor(bytes, anyTensor(bytes, dice), (tensor) => ({
      ...tensor,
      dims: dice.roll(2) === 0 ? tensor.dims.toReversed() : [tensor.dims.reduce((a, b) => a * b, 1)],
    })),
  'a tensor of one dimension more or less': (bytes, dice) =>
    editTensor(bytes, anyTensor(bytes, dice), (tensor) => ({
      ...tensor,
      dims: dice.roll(2) === 0 ? [1, ...tensor.dims] : [...tensor.dims, 1, 1],
    })),
  'a tensor of impossible shape': (bytes, dice) =>
    editTensor(bytes, anyTensor(bytes, dice), (tensor) => ({
      ...tensor,
      dims: Array.from({ length: dice.pick([1, 2, 3, 100, 10_000]) }, () => dice.pick(HUGE)),
    })),
  'a tensor of another type': (bytes, dice) =>
    editTensor(bytes, anyTensor(bytes, dice), (tensor) => ({
      ...tensor,
      dataType: dice.pick([0, 2, 3, 5, 6, 7, 8, 9, 10, 11, 14, 16, 17, 21, 22, 77, -1]),
    })),
  'a tensor of the same size and another type': (bytes, dice) =>
    editTensor(bytes, anyTensor(bytes, dice), (tensor) => ({ ...tensor, dataType: dice.pick([DataType.float, DataType.int32, 12]) })),
  'an empty tensor': (bytes, dice) =>
    editTensor(bytes, anyTensor(bytes, dice), (tensor) => ({ ...tensor, dims: [0], rawData: new Uint8Array() })),
  'values in several places': (bytes, dice) =>
    editTensor(bytes, anyTensor(bytes, dice), (tensor) => ({ ...tensor, floatData: [1, 2, 3], int32Data: dice.roll(2) === 0 ? [1] : [] })),
  'weights that are no numbers': (bytes, dice) =>
    editTensor(bytes, anyTensor(bytes, dice), (tensor) => {
      const number = dice.pick([Number.NaN, Infinity, -Infinity, 3.4e38, 1e-45, 0]);
      if (tensor.dataType !== DataType.float) return tensor;
      return floatTensor(tensor.name ?? '', tensor.dims, new Float32Array((tensor.rawData?.length ?? 0) / 4).fill(number));
    }),
  'values in another file': (bytes, dice) =>
    editTensor(bytes, anyTensor(bytes, dice), (tensor): TensorProto => ({
      ...tensor,
      dataLocation: dice.roll(2),
      externalData: [{ key: 'location', value: dice.pick(['/etc/passwd', '../weights.bin', '']) }],
    })),
  'a hostile name': (bytes, dice) => editGraph(bytes, (graph) => renameValue(graph, dice.pick(values(bytes)), dice.pick(NAMES)())),
  'a hostile node name': (bytes, dice) =>
    editNode(bytes, anyNode(bytes, dice), (node) => ({
      ...node,
      name: dice.pick(NAMES)(),
      ...(dice.roll(2) === 0 ? { opType: 'X' } : {}),
    })),
  'a hostile operator name': (bytes, dice) => editNode(bytes, anyNode(bytes, dice), (node) => ({ ...node, opType: dice.pick(NAMES)() })),
  'a hostile shape of an input or output': (bytes, dice) =>
    editGraph(bytes, ({ input, output }) => {
      const dims = dice.pick([
        [1, 3, 2 ** 20, 2 ** 20],
        [1, 3, 0, 0],
        [],
        [1, 3, -5, 7],
        Array.from({ length: 5 }, () => dice.pick(HUGE)),
        [1, 3, 4096, 4096],
      ]);
      return dice.roll(2) === 0
        ? { input: input.map((value) => withDims(value, dims)) }
        : { output: output.map((value) => withDims(value, dims)) };
    }),
  'inputs and outputs of another type': (bytes, dice) =>
    editGraph(bytes, ({ input, output }) => {
      const elemType = dice.pick([0, 2, 6, 7, 8, 10, 11, 16, 77]);
      const change = <T extends (typeof input)[number]>(value: T): T => ({
        ...value,
        type: { tensorType: { ...value.type?.tensorType, elemType } },
      });
      return dice.pick([
        { input: input.map(change) },
        { output: output.map(change) },
        { input: input.map(change), output: output.map(change) },
      ]);
    }),
  'another opset': (bytes, dice) =>
    edit(bytes, (model) => ({
      ...model,
      opsetImport: dice.pick([
        [],
        [{ version: 0 }],
        [{ domain: '', version: 11 + dice.roll(11) }],
        [{ version: 2 ** 40 }],
        [...model.opsetImport, ...model.opsetImport],
        [{ domain: 'x', version: 1 }],
      ]),
    })),
  'functions of its own': (bytes, dice) => edit(bytes, (model) => ({ ...model, functions: [new Uint8Array(dice.roll(9))] })),
} as const satisfies Readonly<Record<string, ByteMutation>>;

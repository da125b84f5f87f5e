import { DataType, floatTensor, makeNode } from '@takt/onnx';
import type { GraphProto, NodeProto, TensorProto } from '@takt/onnx';
import type { ByteMutation } from './byte-mutations.js';
import type { Dice } from './dice.js';
import { edit, editGraph, int64s } from './graph-edit.js';

/** Small files that ask for much: memory while constants are folded, or time while they are read. */

/** Adds nodes and constants before a graph; what they make is read by nothing, or added to the graph's first input. */
const before = (bytes: Uint8Array, dice: Dice, nodes: readonly NodeProto[], constants: readonly TensorProto[]): Uint8Array =>
  editGraph(bytes, (graph) => {
    const initializer = [...graph.initializer, ...constants];
    const last = nodes.at(-1)?.output[0] ?? '';
    const [image] = graph.input;
    if (dice.roll(2) === 0 || image?.name === undefined) return { initializer, node: [...nodes, ...graph.node] };
    const read = (name: string): string => (name === image.name ? 'bombed' : name);
    const rest = graph.node.map((node) => ({ ...node, input: node.input.map(read) }));
    return {
      initializer,
      node: [...nodes, makeNode('Add', 'bombing', [image.name, last], ['bombed']), ...rest],
    } satisfies Partial<GraphProto>;
  });

const floats = (name: string, dims: readonly number[]): TensorProto =>
  floatTensor(name, dims, new Float32Array(dims.reduce((product, dim) => product * dim, 1)));

const side = (dice: Dice): number => 2 ** (8 + dice.roll(12));

const chainOf = (length: number, operator: string, twice: boolean, attributes: Readonly<Record<string, bigint>> = {}): NodeProto[] =>
  Array.from({ length }, (_, i) => {
    const input = i === 0 ? 'seed' : `chain ${String(i - 1)}`;
    return makeNode(operator, `link ${String(i)}`, twice ? [input, input] : [input], [`chain ${String(i)}`], attributes);
  });

/** Metadata that is slow to read for who tries again at every character, or means something to the language. */
const METADATA: readonly (() => readonly [string, string])[] = [
  () => ['names', `{${'1'.repeat(200_000)}}`],
  () => ['names', `{${"0:'\\".repeat(50_000)}}`],
  () => ['names', `[${"'a',".repeat(100_000)}]`],
  () => ['names', `{0${' '.repeat(200_000)}}`],
  () => ['names', "{0: '\u0000', 1: '\u001b[2J'}"],
  () => ['names', '{"__proto__": "x"}'],
  () => ['stride', '9'.repeat(100_000)],
  () => ['__proto__', 'x'],
  () => ['k'.repeat(2 ** 20), 'v'],
  () => ['takt.detector', '['.repeat(100_000)],
  () => ['takt.detector', '{"version":1}'],
  () => ['takt.detector', detector({ width: 2 ** 30, height: 2 ** 30 })],
  () => ['takt.detector', detector({ classes: 2 ** 53 })],
  () => ['takt.detector', detector({ classes: 2 ** 31, head: { kind: 'logits', scales: [] } })],
  () => ['takt.detector', detector({ family: 'constructor' })],
  () => ['takt.detector', detector({ head: { kind: 'logits', scales: [{ stride: 1, anchors: [], outputs: [] }] } })],
];

const detector = (changes: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({
    version: 1,
    family: 'yolov5',
    width: 64,
    height: 64,
    classes: 2,
    input: { name: 'images', type: 'float32', order: 'rgb', range: 'unit', placement: 'centre' },
    head: { kind: 'decoded' },
    ...changes,
  });

export const BOMB_MUTATIONS = {
  'a shape filled': (bytes, dice) =>
    before(bytes, dice, [makeNode('ConstantOfShape', 'bomb', ['seed'], ['v'])], [int64s('seed', [1, side(dice), side(dice)])]),
  'one value widened': (bytes, dice) =>
    before(
      bytes,
      dice,
      [makeNode('Expand', 'bomb', ['one', 'seed'], ['v'])],
      [floats('one', [1]), int64s('seed', [side(dice), side(dice)])],
    ),
  'a value repeated': (bytes, dice) =>
    before(
      bytes,
      dice,
      [makeNode('Tile', 'bomb', ['row', 'seed'], ['v'])],
      [floats('row', [1, 64]), int64s('seed', [side(dice), side(dice)])],
    ),
  'a range': (bytes, dice) =>
    before(
      bytes,
      dice,
      [makeNode('Range', 'bomb', ['from', 'to', 'by'], ['v'])],
      [int64s('from', [0]), int64s('to', [2 ** (20 + dice.roll(30))]), int64s('by', [1])].map((tensor) => ({ ...tensor, dims: [] })),
    ),
  'a column beside a row': (bytes, dice) =>
    before(
      bytes,
      dice,
      [makeNode(dice.pick(['Add', 'Mul', 'MatMul', 'Max']), 'bomb', ['column', 'row'], ['v'])],
      [floats('column', [4096 * (1 + dice.roll(16)), 1]), floats('row', [1, 4096 * (1 + dice.roll(16))])],
    ),
  'a value doubled again and again': (bytes, dice) =>
    before(bytes, dice, chainOf(10 + dice.roll(50), 'Concat', true, { axis: 0n }), [floats('seed', [64])]),
  'a shape that is computed': (bytes, dice) =>
    before(
      bytes,
      dice,
      [...chainOf(1 + dice.roll(6), 'Mul', true), makeNode('ConstantOfShape', 'bomb', ['chain 0'], ['v'])],
      [int64s('seed', [2 ** (4 + dice.roll(20)), 3])],
    ),
  'the image resized, padded or repeated': (bytes, dice) =>
    editGraph(bytes, (graph) => {
      const image = graph.input[0]?.name ?? '';
      const bomb = dice.pick([
        makeNode('Resize', 'bomb', [image, '', 'factors'], ['bombed']),
        makeNode('Pad', 'bomb', [image, 'pads'], ['bombed']),
        makeNode('Tile', 'bomb', [image, 'times'], ['bombed']),
      ]);
      const factor = 2 ** (4 + dice.roll(14));
      return {
        initializer: [
          ...graph.initializer,
          floatTensor('factors', [4], Float32Array.of(1, 1, factor, factor)),
          int64s('pads', [0, 0, 0, 0, 0, 0, factor * 64, factor * 64]),
          int64s('times', [1, 1, factor, factor]),
        ],
        node: [bomb, ...graph.node.map((node) => ({ ...node, input: node.input.map((name) => (name === image ? 'bombed' : name)) }))],
      };
    }),
  'a long chain': (bytes, dice) => before(bytes, dice, chainOf(10 ** (2 + dice.roll(2)) * 3, 'Relu', false), [floats('seed', [1])]),
  'a long chain that branches': (bytes, dice) =>
    before(bytes, dice, chainOf(10 ** (2 + dice.roll(2)) * 3, 'Add', true), [floats('seed', [1])]),
  'a long chain of rearrangements behind the image': (bytes, dice) =>
    editGraph(bytes, (graph) => {
      const image = graph.input[0]?.name ?? '';
      const length = 10 ** (2 + dice.roll(2)) * 3;
      const chain = Array.from({ length }, (_, i) =>
        makeNode('Identity', `link ${String(i)}`, [i === 0 ? image : `chain ${String(i - 1)}`], [`chain ${String(i)}`]),
      );
      const last = `chain ${String(length - 1)}`;
      return {
        node: [...chain, ...graph.node.map((node) => ({ ...node, input: node.input.map((name) => (name === image ? last : name)) }))],
      };
    }),
  'thousands of constants': (bytes) =>
    editGraph(bytes, ({ initializer }) => ({
      initializer: [...initializer, ...Array.from({ length: 5_000 }, (_, i) => floats(`constant ${String(i)}`, [1]))],
    })),
  'thousands of outputs': (bytes, dice) =>
    editGraph(bytes, ({ node, output }) => ({
      output: [
        ...output,
        ...node
          .flatMap((each) => each.output)
          .slice(0, 1 + dice.roll(500))
          .map((name) => ({ name, type: { tensorType: { elemType: DataType.float } } })),
      ],
    })),
  'hostile metadata': (bytes, dice) => {
    const [key, value] = dice.pick(METADATA)();
    return edit(bytes, (model) => ({
      ...model,
      metadataProps: [...model.metadataProps.filter((entry) => entry.key !== key), { key, value }],
    }));
  },
} as const satisfies Readonly<Record<string, ByteMutation>>;

import { describe, expect, it } from 'vitest';
import type { NodeProto, TensorProto, ValueInfoProto } from '../proto/messages.js';
import { DataType } from '../proto/messages.js';
import { parseModel, serializeModel } from '../proto/model-file.js';
import { makeNode } from '../proto/node.js';
import { floatTensor, int64Tensor } from '../proto/tensor.js';
import { checkModel } from './check-model.js';

const ints = (name: string, ...values: number[]): TensorProto => int64Tensor(name, [values.length], BigInt64Array.from(values, BigInt));
const int = (name: string, value: number): TensorProto => int64Tensor(name, [], BigInt64Array.of(BigInt(value)));
const floats = (name: string, dims: readonly number[]): TensorProto =>
  floatTensor(name, dims, new Float32Array(dims.reduce((product, dim) => product * dim, 1)));

const open: ValueInfoProto = { name: 'x', type: { tensorType: { elemType: DataType.float } } };
const sized = (...dims: number[]): ValueInfoProto => ({
  name: 'x',
  type: { tensorType: { elemType: DataType.float, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
});

const check = (nodes: readonly NodeProto[], initializer: readonly TensorProto[], image = open): void =>
  void checkModel(
    parseModel(
      serializeModel({
        irVersion: 8,
        opsetImport: [{ domain: '', version: 13 }],
        metadataProps: [],
        functions: [],
        graph: {
          node: [...nodes, makeNode('Relu', 'relu', ['x'], ['y'])],
          initializer,
          input: [image],
          output: [{ name: 'y' }],
          valueInfo: [],
        },
      }),
    ),
  );

const doubling = Array.from({ length: 40 }, (_, i) =>
  makeNode('Concat', `twice ${String(i)}`, i === 0 ? ['seed', 'seed'] : [`d${String(i - 1)}`, `d${String(i - 1)}`], [`d${String(i)}`], {
    axis: 0n,
  }),
);

describe('constants that grow', () => {
  it.each<[string, readonly NodeProto[], readonly TensorProto[]]>([
    ['a shape filled', [makeNode('ConstantOfShape', 'bomb', ['s'], ['v'])], [ints('s', 2 ** 20, 2 ** 20)]],
    ['one value widened', [makeNode('Expand', 'bomb', ['one', 's'], ['v'])], [floats('one', [1]), ints('s', 2 ** 30)]],
    ['the image widened', [makeNode('Expand', 'bomb', ['x', 's'], ['v'])], [ints('s', 2 ** 30, 1)]],
    ['a value repeated', [makeNode('Tile', 'bomb', ['row', 'n'], ['v'])], [floats('row', [1000]), ints('n', 10 ** 6)]],
    ['a range', [makeNode('Range', 'bomb', ['a', 'b', 'c'], ['v'])], [int('a', 0), int('b', 2 ** 40), int('c', 1)]],
    [
      'a column beside a row',
      [makeNode('Add', 'bomb', ['row', 'column'], ['v'])],
      [floats('row', [1, 10_000]), floats('column', [10_000, 1])],
    ],
    [
      'a column times a row',
      [makeNode('MatMul', 'bomb', ['column', 'row'], ['v'])],
      [floats('row', [1, 10_000]), floats('column', [10_000, 1])],
    ],
    ['something padded', [makeNode('Pad', 'bomb', ['row', 'p'], ['v'])], [floats('row', [1]), ints('p', 2 ** 33, 0)]],
    [
      'the image resized',
      [makeNode('Resize', 'bomb', ['x', '', 'f'], ['v'])],
      [floatTensor('f', [4], Float32Array.of(1, 1, 2 ** 15, 2 ** 15))],
    ],
    [
      'a shape that is computed',
      [
        makeNode('Mul', 'square', ['k', 'k'], ['kk']),
        makeNode('Concat', 'shape', ['kk', 'k'], ['s'], { axis: 0n }),
        makeNode('ConstantOfShape', 'bomb', ['s'], ['v']),
      ],
      [ints('k', 2 ** 12)],
    ],
    [
      'a shape in a Constant',
      [makeNode('Constant', 'c', [], ['s'], { value_ints: [2n ** 31n, 2n ** 31n] }), makeNode('ConstantOfShape', 'bomb', ['s'], ['v'])],
      [],
    ],
    ['the same doubled forty times', doubling, [floats('seed', [1024])]],
  ])('refuses %s', (_, nodes, initializer) => {
    expect(() => {
      check(nodes, initializer);
    }).toThrowError(expect.objectContaining({ code: 'OnnxConstantTooLarge' }) as Error);
  });

  it('refuses many that are small alone', () => {
    const nodes = Array.from({ length: 9 }, (_, i) => makeNode('ConstantOfShape', `part ${String(i)}`, ['s'], [`v${String(i)}`]));
    expect(() => {
      check(nodes, [ints('s', 2 ** 25)]);
    }).toThrowError(/makes 1152 MiB out of constants together with the nodes before it/);
  });

  it('knows how large the image is that is resized', () => {
    const resize = [makeNode('Resize', 'up', ['x', '', 'f'], ['u'])];
    const factor = [floatTensor('f', [4], Float32Array.of(1, 1, 64, 64))];
    expect(() => {
      check(resize, factor, sized(1, 3, 320, 320));
    }).toThrowError(/up \(Resize\) makes 4800 MiB/);
    check(resize, factor, sized(1, 3, 32, 32));
  });

  it('adds up what grows step by step', () => {
    const steps = Array.from({ length: 8 }, (_, i) =>
      makeNode('Tile', `step ${String(i)}`, [i === 0 ? 'x' : `t${String(i - 1)}`, 'n'], [`t${String(i)}`]),
    );
    expect(() => {
      check(steps, [ints('n', 1, 1, 1, 3)], sized(1, 3, 320, 8192));
    }).toThrowError(/step 1 \(Tile\) makes 270 MiB/);
  });

  it('accepts a large image that is converted and scaled', () => {
    check(
      [
        makeNode('Cast', 'cast', ['x'], ['c'], { to: 1n }),
        makeNode('Div', 'scale', ['c', 'whole'], ['d']),
        makeNode('Transpose', 'planes', ['d'], ['p']),
      ],
      [floats('whole', [1])],
      sized(1, 8192, 8192, 3),
    );
  });

  it('accepts the grids of a detector', () => {
    check(
      [
        makeNode('Range', 'columns', ['zero', 'width', 'one'], ['r']),
        makeNode('Unsqueeze', 'row', ['r', 'axis'], ['row']),
        makeNode('Expand', 'grid', ['row', 's'], ['g']),
        makeNode('Resize', 'up', ['x', '', 'f'], ['u']),
      ],
      [
        int('zero', 0),
        int('width', 80),
        int('one', 1),
        ints('axis', 0),
        ints('s', 80, 80),
        floatTensor('f', [4], Float32Array.of(1, 1, 2, 2)),
      ],
    );
  });
});

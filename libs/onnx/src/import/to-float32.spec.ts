import { describe, expect, it } from 'vitest';
import { checkModel } from '../check/check-model.js';
import { toFloat16 } from '../proto/float16.js';
import { DataType } from '../proto/messages.js';
import type { ModelProto, NodeProto, TensorProto } from '../proto/messages.js';
import { parseModel, serializeModel } from '../proto/model-file.js';
import { makeNode } from '../proto/node.js';
import { float16Tensor, floatValues, int64Tensor } from '../proto/tensor.js';
import { importModel, withFloat32Interface } from './import-model.js';

const half = DataType.float16;
const cast = (from: string, to: string, type: DataType): NodeProto => makeNode('Cast', `cast_${to}`, [from], [to], { to: BigInt(type) });
const bits = (...values: number[]): Uint16Array => Uint16Array.from(values, toFloat16);
const w = float16Tensor('w', [2], bits(0.5, 2 ** -24));

function modelOf(nodes: readonly NodeProto[], types: readonly [number, number], initializer: readonly TensorProto[] = [w]): Uint8Array {
  const value = (name: string, elemType: number): NonNullable<ModelProto['graph']>['input'][number] => ({
    name,
    type: { tensorType: { elemType, shape: { dim: [{ dimValue: 2 }] } } },
  });
  return serializeModel({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    metadataProps: [{ key: 'names', value: "{0: 'a'}" }],
    functions: [],
    graph: { node: nodes, initializer, input: [value('x', types[0])], output: [value('y', types[1])], valueInfo: [value('v', half)] },
  });
}

const imported = (bytes: Uint8Array): ReturnType<typeof parseModel> => {
  const model = parseModel(importModel(bytes).bytes);
  checkModel(model);
  return model;
};
const operators = (model: ModelProto): string =>
  (model.graph?.node ?? []).map(({ opType, input, output }) => `${opType ?? ''}(${input.join()})=${output.join()}`).join(' ');

describe('a model in half precision', () => {
  it('becomes float32 throughout where its interface is float16', () => {
    const model = imported(modelOf([makeNode('Add', 'add', ['x', 'w'], ['y'])], [half, half]));
    expect(model.graph.input[0]?.type?.tensorType?.elemType).toBe(DataType.float);
    expect(model.graph.output[0]?.type?.tensorType?.elemType).toBe(DataType.float);
    expect([...floatValues(model.graph.initializer[0] as TensorProto)]).toEqual([0.5, 2 ** -24]);
    expect(model.metadataProps).toHaveLength(1);
  });

  it('loses the Casts around a float32 interface, and keeps the names', () => {
    const nodes = [
      cast('x', 'x_half', half),
      makeNode('Add', 'add', ['x_half', 'w'], ['v']),
      makeNode('Relu', 'relu', ['v'], ['y_half']),
      cast('y_half', 'y', DataType.float),
    ];
    expect(operators(imported(modelOf(nodes, [1, 1])))).toBe('Add(x,w)=v Relu(v)=y');
  });

  it('loses a chain of them, and what else reads the value before an output follows', () => {
    const nodes = [
      cast('x', 'a', half),
      cast('a', 'b', DataType.float),
      cast('b', 'c', half),
      makeNode('Add', 'add', ['c', 'w'], ['v']),
      makeNode('Neg', 'side', ['v'], ['unused']),
      cast('v', 'y', DataType.float),
    ];
    expect(operators(imported(modelOf(nodes, [1, 1])))).toBe('Add(x,w)=y Neg(y)=unused');
  });

  it('keeps a Cast that converts, or whose input is an input and whose output is an output', () => {
    const count = [makeNode('Shape', 'shape', ['x'], ['n']), cast('n', 'y', half)];
    expect(operators(imported(modelOf(count, [half, half])))).toBe('Shape(x)=n Cast(n)=y');
    expect(operators(imported(modelOf([cast('x', 'y', half)], [1, half])))).toBe('Cast(x)=y');
  });

  it('has its Constants and typed values converted too', () => {
    const t: TensorProto = { ...float16Tensor('', [2], bits()), rawData: undefined, int32Data: [toFloat16(-3), toFloat16(1.5)] };
    const constant: NodeProto = {
      ...makeNode('Constant', 'c', [], ['k']),
      attribute: [{ name: 'value', type: 4, t, floats: [], ints: [], strings: [], graphs: [] }],
    };
    const model = imported(modelOf([constant, makeNode('Mul', 'mul', ['x', 'k'], ['y'])], [half, half]));
    expect([...floatValues(model.graph.node[0]?.attribute[0]?.t as TensorProto)]).toEqual([-3, 1.5]);
  });

  it('gives equal bytes for equal bytes, and any other model as it is', () => {
    const halfModel = modelOf([makeNode('Add', 'add', ['x', 'w'], ['y'])], [half, half]);
    expect(importModel(halfModel)).toMatchObject({ converted: true, inspection: { inputs: [{ type: 'float16' }] } });
    expect(importModel(halfModel).bytes).toEqual(importModel(halfModel).bytes);
    const full = modelOf([makeNode('Reshape', 'r', ['x', 'w'], ['y'])], [1, 1], [int64Tensor('w', [1], BigInt64Array.of(2n))]);
    expect(importModel(full)).toMatchObject({ converted: false });
    expect(importModel(full).bytes).toBe(full);
  });

  it('is left as it is to be run where only its inside is half', () => {
    const inside = modelOf([cast('x', 'h', half), makeNode('Add', 'add', ['h', 'w'], ['v']), cast('v', 'y', DataType.float)], [1, 1]);
    expect(withFloat32Interface(inside)).toBe(inside);
    const outside = modelOf([makeNode('Add', 'add', ['x', 'w'], ['y'])], [half, half]);
    expect(withFloat32Interface(outside)).toEqual(importModel(outside).bytes);
  });
});

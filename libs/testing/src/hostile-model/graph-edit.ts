import { int64Tensor, parseModel, serializeModel } from '@takt/onnx';
import type { AttributeProto, GraphProto, Model, ModelProto, NodeProto, TensorProto, ValueInfoProto } from '@takt/onnx';

/** Replaces one member of a list. */
export const at = <T>(list: readonly T[], index: number, change: (item: T) => T): T[] =>
  list.map((item, i) => (i === index ? change(item) : item));

/** Changes that mutations are made of. None of them asks whether the result is valid. */
export const edit = (bytes: Uint8Array, change: (model: Model) => ModelProto): Uint8Array => serializeModel(change(parseModel(bytes)));

export const editGraph = (bytes: Uint8Array, change: (graph: GraphProto) => Partial<GraphProto>): Uint8Array =>
  edit(bytes, (model) => ({ ...model, graph: { ...model.graph, ...change(model.graph) } }));

export const editNode = (bytes: Uint8Array, index: number, change: (node: NodeProto) => NodeProto): Uint8Array =>
  editGraph(bytes, ({ node }) => ({ node: at(node, index, change) }));

export const editTensor = (bytes: Uint8Array, index: number, change: (tensor: TensorProto) => TensorProto): Uint8Array =>
  editGraph(bytes, ({ initializer }) => ({ initializer: at(initializer, index, change) }));

/** Every value that is called `from` is called `to`. */
export function renameValue({ node, initializer, input, output, valueInfo }: GraphProto, from: string, to: string): Partial<GraphProto> {
  const now = (name: string): string => (name === from ? to : name);
  const named = <T extends { readonly name?: string | undefined }>(item: T): T => (item.name === from ? { ...item, name: to } : item);
  return {
    node: node.map((each) => ({ ...each, input: each.input.map(now), output: each.output.map(now) })),
    initializer: initializer.map(named),
    input: input.map(named),
    output: output.map(named),
    valueInfo: valueInfo.map(named),
  };
}

export const withDims = (value: ValueInfoProto, dims: readonly number[]): ValueInfoProto => ({
  ...value,
  type: { ...value.type, tensorType: { ...value.type?.tensorType, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
});

export const attribute = (name: string, more: Partial<AttributeProto>): AttributeProto => ({
  name,
  floats: [],
  ints: [],
  strings: [],
  graphs: [],
  ...more,
});

export const int64s = (name: string, values: readonly number[]): TensorProto =>
  int64Tensor(name, [values.length], BigInt64Array.from(values, BigInt));

import { DataType, indexGraph } from '@takt/onnx';
import type { GraphProto, Model, NodeProto, ValueInfoProto } from '@takt/onnx';

/** The part of a model that `values` are made of; they become its outputs, in this order. */
export function cutAt(model: Model, values: readonly string[]): Model {
  const known = new Map(model.graph.output.map((output) => [output.name, output]));
  const output = values.map((name): ValueInfoProto => known.get(name) ?? { name, type: { tensorType: { elemType: DataType.float } } });
  return { ...model, graph: prune({ ...model.graph, output, valueInfo: [] }) };
}

/** Leaves out nodes and constants that no output needs. */
export function prune(graph: GraphProto): GraphProto {
  const { producers } = indexGraph(graph);
  const needed = new Set<NodeProto>();
  const read = new Set(graph.output.map(({ name }) => name ?? ''));
  const open = [...read];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = producers.get(name);
    if (node === undefined || needed.has(node)) continue;
    needed.add(node);
    for (const input of node.input) {
      if (read.has(input)) continue;
      read.add(input);
      open.push(input);
    }
  }
  const constants = new Set(graph.initializer.map(({ name }) => name));
  return {
    ...graph,
    node: graph.node.filter((node) => needed.has(node)),
    initializer: graph.initializer.filter(({ name }) => read.has(name ?? '')),
    // A constant that is listed as an input too goes with it; the model's own inputs stay.
    input: graph.input.filter(({ name }) => !constants.has(name) || read.has(name ?? '')),
  };
}

import { indexGraph } from '@takt/onnx';
import type { GraphIndex, Model, NodeProto } from '@takt/onnx';

/**
 * The convolutions at most `levels` deep after the graph's inputs, by the value they make. They see few channels and large planes, so
 * integers gain little time there or none, and their error runs through the whole network.
 */
export function frontConvs({ graph }: Model, levels: number): readonly string[] {
  const depths = new Map<string, number>();
  const front: string[] = [];
  for (const node of graph.node) {
    const before = Math.max(0, ...node.input.map((name) => depths.get(name) ?? 0));
    const depth = before + (node.opType === 'Conv' ? 1 : 0);
    for (const output of node.output) depths.set(output, depth);
    if (node.opType === 'Conv' && depth <= levels) front.push(node.output[0] ?? '');
  }
  return front;
}

/** The convolutions and what reads nothing but them, as their activations do: those would gain nothing by integers alone. */
export function withFollowers(convs: Iterable<NodeProto>, nodes: readonly NodeProto[], index: GraphIndex): ReadonlySet<NodeProto> {
  const set = new Set(convs);
  if (set.size === 0) return set;
  for (const node of nodes) {
    if (node.opType === 'Conv') continue;
    const producers = node.input.filter((name) => name !== '' && !index.initializers.has(name)).map((name) => index.producers.get(name));
    if (producers.length > 0 && producers.every((producer) => producer !== undefined && set.has(producer))) set.add(node);
  }
  return set;
}

/** The convolutions that make these values, by the names of their nodes, for people. */
export function layerNames({ graph }: Model, values: Iterable<string>): readonly string[] {
  const { producers } = indexGraph(graph);
  return [...values].map((value) => producers.get(value)?.name ?? value);
}

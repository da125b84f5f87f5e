import type { GraphIndex, NodeProto } from '@takt/onnx';

/**
 * The nodes that stay in float when the last `levels` convolutions before each detect convolution do: those convolutions,
 * and everything behind them that reads nothing but float values, as their activations do. The closer to the head, the
 * less integer layers are left to average an error out, so this is where accuracy is bought back most cheaply.
 *
 * @param nodes of the graph, in graph order.
 * @param levels convolutions counted back along every path; 0 gives the empty set.
 */
export function floatTail(
  nodes: readonly NodeProto[],
  index: GraphIndex,
  detectConvs: ReadonlySet<NodeProto>,
  levels: number,
): ReadonlySet<NodeProto> {
  const tail = new Set<NodeProto>();
  let front: Iterable<NodeProto> = detectConvs;
  for (let level = 0; level < levels; level += 1) {
    const before = convsBefore(front, index);
    for (const conv of before) tail.add(conv);
    front = before;
  }
  addFollowers(tail, nodes, index);
  return tail;
}

/**
 * The nodes that stay in float when the first `levels` convolutions after each graph input do, and what reads nothing but
 * them. They see few channels and large planes, so integers gain no time there, and their error runs through the whole
 * network.
 *
 * @param nodes of the graph, in graph order.
 */
export function floatFront(nodes: readonly NodeProto[], index: GraphIndex, levels: number): ReadonlySet<NodeProto> {
  const depths = new Map<string, number>();
  const front = new Set<NodeProto>();
  for (const node of nodes) {
    const before = Math.max(0, ...node.input.map((name) => depths.get(name) ?? 0));
    const depth = before + (node.opType === 'Conv' ? 1 : 0);
    for (const output of node.output) depths.set(output, depth);
    if (node.opType === 'Conv' && depth <= levels) front.add(node);
  }
  addFollowers(front, nodes, index);
  return front;
}

/** Adds the nodes, other than convolutions, that read nothing but outputs of the set. */
function addFollowers(set: Set<NodeProto>, nodes: readonly NodeProto[], index: GraphIndex): void {
  if (set.size === 0) return;
  for (const node of nodes) {
    if (node.opType === 'Conv') continue;
    const producers = node.input.filter((name) => name !== '' && !index.initializers.has(name)).map((name) => index.producers.get(name));
    if (producers.length > 0 && producers.every((producer) => producer !== undefined && set.has(producer))) set.add(node);
  }
}

/** The nearest convolutions from which the given ones are reached without another convolution between. */
function convsBefore(convs: Iterable<NodeProto>, index: GraphIndex): Set<NodeProto> {
  const found = new Set<NodeProto>();
  const seen = new Set<NodeProto>();
  const open = [...convs];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const input of node.input) {
      const producer = index.producers.get(input);
      if (producer === undefined || seen.has(producer)) continue;
      seen.add(producer);
      if (producer.opType === 'Conv') found.add(producer);
      else open.push(producer);
    }
  }
  return found;
}

import { OnnxErrorCode, onnxError } from '../onnx-error.js';
import type { GraphProto, NodeProto, TensorProto } from '../proto/messages.js';
import { nodeLabel } from '../proto/node.js';

/** One use of a value: the graph node and the position among its inputs. */
export interface Use {
  readonly node: NodeProto;
  readonly index: number;
}

/** Who makes and who reads each value of a graph. */
export interface GraphIndex {
  readonly initializers: ReadonlyMap<string, TensorProto>;
  /** Names of the graph's inputs that are not initializers. */
  readonly inputs: ReadonlySet<string>;
  readonly outputs: ReadonlySet<string>;
  readonly producers: ReadonlyMap<string, NodeProto>;
  usesOf(value: string): readonly Use[];
}

/** @throws TaktError `OnnxDuplicateValue` when a value is made, given or listed twice. */
export function indexGraph(graph: GraphProto): GraphIndex {
  requireDistinct('initializer', graph.initializer);
  requireDistinct('input', graph.input);
  requireDistinct('output', graph.output);
  const initializers = new Map(graph.initializer.map((tensor) => [tensor.name ?? '', tensor]));
  const inputs = new Set(graph.input.map((value) => value.name ?? '').filter((name) => !initializers.has(name)));
  const producers = new Map<string, NodeProto>();
  const uses = new Map<string, Use[]>();
  for (const node of graph.node) {
    for (const name of node.output) {
      if (name === '') continue;
      if (producers.has(name) || initializers.has(name) || inputs.has(name)) {
        throw onnxError(OnnxErrorCode.duplicateValue, `value "${name}" is made twice, the second time by ${nodeLabel(node)}`, name);
      }
      producers.set(name, node);
    }
    node.input.forEach((name, index) => {
      if (name === '') return;
      const known = uses.get(name);
      if (known) known.push({ node, index });
      else uses.set(name, [{ node, index }]);
    });
  }
  const none: readonly Use[] = [];
  return {
    initializers,
    inputs,
    outputs: new Set(graph.output.map((value) => value.name ?? '')),
    producers,
    usesOf: (value) => uses.get(value) ?? none,
  };
}

function requireDistinct(kind: string, named: readonly { readonly name?: string | undefined }[]): void {
  const seen = new Set<string>();
  for (const { name = '' } of named) {
    if (seen.has(name)) throw onnxError(OnnxErrorCode.duplicateValue, `${kind} "${name}" occurs twice`, name);
    seen.add(name);
  }
}

/**
 * Checks that each node reads only what was made before it, as ONNX demands.
 *
 * @throws TaktError `OnnxMissingValue`, `OnnxCycle` or `OnnxNodeOrder`, naming the node.
 */
export function checkNodeOrder(graph: GraphProto, index: GraphIndex): void {
  const made = new Set<string>([...index.initializers.keys(), ...index.inputs]);
  const waiting: NodeProto[] = [];
  for (const node of graph.node) {
    for (const name of node.input) {
      if (name !== '' && !made.has(name) && !index.producers.has(name)) {
        throw onnxError(OnnxErrorCode.missingValue, `${nodeLabel(node)} reads "${name}", which nothing makes`, nodeLabel(node));
      }
    }
    if (node.input.every((name) => name === '' || made.has(name))) node.output.forEach((name) => made.add(name));
    else waiting.push(node);
  }
  for (const name of index.outputs) {
    if (!made.has(name) && !index.producers.has(name))
      throw onnxError(OnnxErrorCode.missingValue, `output "${name}" is made by nothing`, name);
  }
  const first = waiting[0];
  if (first === undefined) return;
  const inCycle = unreachable(waiting, made, index);
  if (inCycle !== undefined) throw onnxError(OnnxErrorCode.cycle, `${nodeLabel(inCycle)} depends on its own output`, nodeLabel(inCycle));
  throw onnxError(OnnxErrorCode.nodeOrder, `${nodeLabel(first)} stands before a node whose output it reads`, nodeLabel(first));
}

/** A node that can never run, or undefined when the waiting nodes can be sorted. Kahn's algorithm, linear in the edges. */
function unreachable(waiting: readonly NodeProto[], made: Set<string>, index: GraphIndex): NodeProto | undefined {
  const open = new Map<NodeProto, number>();
  for (const node of waiting) open.set(node, node.input.filter((name) => name !== '' && !made.has(name)).length);
  const ready = waiting.filter((node) => open.get(node) === 0);
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    open.delete(node);
    for (const output of node.output) {
      for (const use of index.usesOf(output)) {
        const left = open.get(use.node);
        if (left === undefined) continue;
        open.set(use.node, left - 1);
        if (left === 1) ready.push(use.node);
      }
    }
  }
  return open.keys().next().value;
}

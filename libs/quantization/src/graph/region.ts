import { attributeOf, indexGraph, intAttribute } from '@takt/onnx';
import type { GraphIndex, Model, NodeProto } from '@takt/onnx';
import { withFollowers } from './float-convs.js';
import { QuantizationErrorCode, quantizationError } from '../quantization-error.js';

/** Operators whose integer kernels ONNX Runtime builds from Q/DQ around them. */
const COMPUTE = new Set(['Conv', 'Sigmoid', 'Mul', 'Add', 'Concat', 'LeakyRelu', 'AveragePool', 'GlobalAveragePool']);
/** Operators that move values without changing them: input and output share parameters and no Q/DQ survives. */
const MOVE = new Set(['MaxPool', 'Resize', 'Reshape', 'Transpose', 'Slice', 'Split', 'Squeeze', 'Unsqueeze', 'Flatten', 'Identity']);
/** Activations that the following Q absorbs, because they only clip. */
const CLIP = new Set(['Relu', 'Clip']);

/** What becomes integer and what stays float. */
export interface Region {
  readonly index: GraphIndex;
  /** Nodes that read and write quantized values, in graph order. */
  readonly nodes: readonly NodeProto[];
  /** The convolutions nothing but the decode head follows. */
  readonly detectConvs: ReadonlySet<NodeProto>;
  /** Values that get a Q/DQ pair, in graph order, graph inputs first. */
  readonly values: readonly string[];
}

export interface RegionOptions {
  /** Convolutions that stay in float, by the value they make. Default: none. */
  readonly floatConvs?: ReadonlySet<string>;
}

/**
 * Finds the part of a graph that can run in integers: everything up to the last convolutions. What follows them, the
 * decode head, mixes boxes in pixels with scores of 0–1 in one value and stays float: one scale for both rounds every
 * score to zero.
 */
export function findRegion(model: Model, { floatConvs }: RegionOptions = {}): Region {
  const { graph } = model;
  if (graph.node.some(({ opType }) => opType === 'QuantizeLinear' || opType === 'DequantizeLinear' || opType === 'QLinearConv')) {
    throw quantizationError(QuantizationErrorCode.alreadyQuantized, 'the model holds quantized operators already');
  }
  const index = indexGraph(graph);
  const beforeConv = nodesBeforeConv(graph.node, index);
  const detectConvs = new Set(detectConvsOf(graph.node, beforeConv, index));
  const chosen = graph.node.filter((node) => node.opType === 'Conv' && floatConvs?.has(node.output[0] ?? '') === true);
  const float = withFollowers(chosen, graph.node, index);
  const nodes = graph.node.filter(
    (node) => !float.has(node) && (beforeConv.has(node) || detectConvs.has(node)) && isQuantizable(node, index),
  );
  if (!nodes.some((node) => node.opType === 'Conv')) {
    throw quantizationError(QuantizationErrorCode.nothingToQuantize, 'the model has no convolution that can run in integers');
  }
  return { index, nodes, detectConvs, values: quantizedValues(nodes, index) };
}

const detectConvsOf = (nodes: readonly NodeProto[], beforeConv: ReadonlySet<NodeProto>, index: GraphIndex): NodeProto[] =>
  nodes.filter((node) => node.opType === 'Conv' && !beforeConv.has(node) && !readsDistribution(node, index));

/** The convolutions nothing but the decode head follows, in graph order. */
export function findDetectConvs({ graph }: Model): readonly NodeProto[] {
  const index = indexGraph(graph);
  return detectConvsOf(graph.node, nodesBeforeConv(graph.node, index), index);
}

/** The convolutions that can run in integers, by the value they make, in graph order. */
export const integerLayers = (model: Model, options: RegionOptions = {}): readonly string[] =>
  findRegion(model, options).nodes.flatMap((node) => (node.opType === 'Conv' ? [node.output[0] ?? ''] : []));

/** The Sigmoid and Mul that make SiLU of a value and are its only readers, or undefined. */
export function siluOf(value: string, index: GraphIndex): { readonly sigmoid: NodeProto; readonly product: NodeProto } | undefined {
  const uses = index.usesOf(value);
  if (uses.length !== 2 || index.outputs.has(value)) return undefined;
  const sigmoid = uses.find(({ node }) => node.opType === 'Sigmoid')?.node;
  const product = uses.find(({ node }) => node.opType === 'Mul')?.node;
  return sigmoid && product?.input.includes(sigmoid.output[0] ?? '') === true ? { sigmoid, product } : undefined;
}

const REARRANGES = new Set(['Reshape', 'Transpose', 'Split', 'Slice', 'Squeeze', 'Unsqueeze', 'Identity']);

/**
 * Whether a convolution is arithmetic of a decode head and no layer: YOLOv8 and later read the mean of a softmax by a 1×1
 * convolution with the weights 0…15.
 */
function readsDistribution(conv: NodeProto, index: GraphIndex): boolean {
  let producer = index.producers.get(conv.input[0] ?? '');
  while (producer !== undefined && REARRANGES.has(producer.opType ?? '')) producer = index.producers.get(producer.input[0] ?? '');
  return producer?.opType === 'Softmax';
}

/** Nodes from whose outputs a convolution can be reached. */
function nodesBeforeConv(nodes: readonly NodeProto[], index: GraphIndex): Set<NodeProto> {
  const found = new Set<NodeProto>();
  const open = nodes.filter((node) => node.opType === 'Conv' && !readsDistribution(node, index));
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const input of node.input) {
      const producer = index.producers.get(input);
      if (producer === undefined || found.has(producer)) continue;
      found.add(producer);
      open.push(producer);
    }
  }
  return found;
}

function isQuantizable(node: NodeProto, index: GraphIndex): boolean {
  const op = node.opType ?? '';
  if (op === 'Conv')
    return (
      isFloatConstant(index, node.input[1]) &&
      (node.input[2] === undefined || node.input[2] === '' || isFloatConstant(index, node.input[2]))
    );
  if (MOVE.has(op)) return activationInputs(node).every((name) => !index.initializers.has(name)) && movesUnchanged(node);
  if (CLIP.has(op)) return absorbsInto(node, index) !== undefined;
  return COMPUTE.has(op) && activationInputs(node).every((name) => !index.initializers.has(name));
}

const FLOAT = 1;
const isFloatConstant = (index: GraphIndex, name: string | undefined): boolean =>
  name !== undefined && index.initializers.get(name)?.dataType === FLOAT;

/** MaxPool with a second output (indices) has no integer kernel; cubic Resize overshoots the input's range. */
function movesUnchanged(node: NodeProto): boolean {
  if (node.opType === 'MaxPool') return node.output.length === 1 && intAttribute(node, 'storage_order', 0) === 0;
  if (node.opType === 'Resize') return String.fromCharCode(...(attributeOf(node, 'mode')?.s ?? [])) !== 'cubic';
  return true;
}

/** The inputs that carry activations; shapes, axes, weights and the like are not among them. */
export function activationInputs(node: NodeProto): readonly string[] {
  const op = node.opType ?? '';
  const count = op === 'Concat' || op === 'Mul' || op === 'Add' ? node.input.length : 1;
  return node.input.slice(0, count).filter((name) => name !== '');
}

/** Whether a node only moves values, so that its input and output must have equal parameters. */
export const isMove = (node: NodeProto): boolean => MOVE.has(node.opType ?? '');

/** The convolution or addition before a clipping activation that is its only reader, or undefined. */
export function absorbsInto(node: NodeProto, index: GraphIndex): NodeProto | undefined {
  if (!CLIP.has(node.opType ?? '')) return undefined;
  const input = node.input[0] ?? '';
  const producer = index.producers.get(input);
  const absorbed = producer !== undefined && (producer.opType === 'Conv' || producer.opType === 'Add');
  return absorbed && index.usesOf(input).length === 1 && !index.outputs.has(input) ? producer : undefined;
}

function quantizedValues(nodes: readonly NodeProto[], index: GraphIndex): string[] {
  const values = new Set<string>();
  const hidden = new Set<string>();
  for (const node of nodes) if (absorbsInto(node, index)) hidden.add(node.input[0] ?? '');
  for (const node of nodes) {
    for (const name of activationInputs(node)) values.add(name);
    for (const name of node.output) if (name !== '') values.add(name);
  }
  return [...values].filter((name) => !hidden.has(name));
}

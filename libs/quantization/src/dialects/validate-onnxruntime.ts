import { DataType, int8Values, intAttribute, standardOpset } from '@takt/onnx';
import type { Model, NodeProto } from '@takt/onnx';
import { activationInputs, isMove } from '../graph/region.js';
import { WeightLimit } from '../math/weights.js';
import { QuantizedGraph } from './quantized-graph.js';
import type { PairParameters } from './quantized-graph.js';
import { isDequantize, isQuantize, violationsOf } from './violation.js';
import type { Violation } from './violation.js';

const selectors = violationsOf('onnxruntime qdq_selector_action_transformer.cc, qdq_selectors.cc');
const signed = violationsOf('onnxruntime qdq_s8_to_u8.cc');
const biasScale = violationsOf('onnxruntime PR 28229');
const saturation = violationsOf('onnxruntime docs quantization.md; onnxruntime issue 6732');
const schema = violationsOf('ONNX operator schemas (Operators.md): DequantizeLinear 13');

/** How far an int32 bias's scale may lie from input scale · weight scale, as a share. */
const BIAS_SCALE_TOLERANCE = 0.01;
/** Operators that compute in integers where every input is behind DQ and one Q reads the output. */
const COMPUTE = new Set('Add Mul Sigmoid LeakyRelu AveragePool GlobalAveragePool Softmax'.split(' '));
const CLIPS = new Set(['Relu', 'Clip']);
const PER_CHANNEL_OPSET = 13;

export interface OnnxruntimeCpu {
  /** It has kernels for signed activations. Default false. */
  readonly arm?: boolean;
  /** It adds products of uint8 and int8 in an int16 that saturates: AVX2, AVX-512 without VNNI. Default false. */
  readonly saturates?: boolean;
}

/**
 * What ONNX Runtime's CPU provider needs to run a model in integers, as its QDQ selectors and the signed-to-unsigned rewrite
 * ask for it. A model that breaks a rule runs, in float and slower; but with saturating weights, wrong.
 */
export function validateOnnxruntime(model: Model, { arm = false, saturates = false }: OnnxruntimeCpu = {}): Violation[] {
  const graph = new QuantizedGraph(model);
  const opset = standardOpset(model) ?? 0;
  return graph.nodes.flatMap((node) => {
    const op = node.opType ?? '';
    if (op === 'Conv') return [...checkConv(graph, node), ...(saturates ? checkSaturation(graph, node) : [])];
    if (isQuantize(node)) return [...checkOpset(graph, node, opset), ...(arm ? [] : checkSigned(graph, node))];
    if (isDequantize(node)) return checkOpset(graph, node, opset);
    if (isMove(node) || op === 'Concat') return checkEqual(graph, node);
    return COMPUTE.has(op) ? checkCompute(graph, node) : [];
  });
}

function checkOpset(graph: QuantizedGraph, node: NodeProto, opset: number): Violation[] {
  return opset < PER_CHANNEL_OPSET && (graph.parameters(node)?.scales.length ?? 1) > 1
    ? [schema('per-channel-opset', node, `a scale per channel needs opset ${String(PER_CHANNEL_OPSET)}, not ${String(opset)}`)]
    : [];
}

function checkConv(graph: QuantizedGraph, conv: NodeProto): Violation[] {
  const [input, weights, bias] = [graph.dequantized(conv, 0), graph.dequantized(conv, 1), graph.dequantized(conv, 2)];
  // A convolution on pixels or in a float part: no business of this dialect.
  if (weights === undefined) return [];
  const found: Violation[] = [];
  const uses = graph.index.usesOf(afterClip(graph, conv.output[0] ?? ''));
  if (input === undefined) found.push(selectors('conv-input', conv, 'its weights are quantized and its input is not'));
  if (uses.length !== 1 || !uses.every(({ node }) => isQuantize(node)))
    found.push(selectors('conv-output', conv, 'its output must be read by one QuantizeLinear alone'));
  if (input === undefined || bias === undefined) return found;
  const [x, w, b] = [graph.parameters(input), graph.parameters(weights), graph.parameters(bias)];
  if (x === undefined || w === undefined || b === undefined) return found;
  const wrong = b.scales.findIndex((scale, channel) => {
    const wanted = (x.scales[0] ?? 0) * (w.scales[w.scales.length === 1 ? 0 : channel] ?? 0);
    return !(Math.abs(scale - wanted) <= BIAS_SCALE_TOLERANCE * wanted);
  });
  if (b.type !== DataType.int32) found.push(selectors('conv-bias-type', conv, 'a quantized bias must be int32'));
  if (wrong >= 0)
    found.push(biasScale('conv-bias-scale', conv, `the scale of its bias in channel ${String(wrong)} is not input scale · weight scale`));
  return found;
}

/** What a Q that follows takes up (ReluQuantFusion, ClipQuantFusion): a clipping activation that is a value's only reader. */
function afterClip({ index }: QuantizedGraph, value: string): string {
  const uses = index.usesOf(value);
  const [first] = uses;
  if (uses.length !== 1 || first === undefined || index.outputs.has(value)) return value;
  return CLIPS.has(first.node.opType ?? '') ? (first.node.output[0] ?? '') : value;
}

/** Two products of 255 and 127 do not fit into an int16; with weights of 7 bits they do. */
function checkSaturation(graph: QuantizedGraph, conv: NodeProto): Violation[] {
  const input = graph.dequantized(conv, 0);
  const weights = graph.dequantized(conv, 1);
  const integers = graph.index.initializers.get(weights?.input[0] ?? '');
  const unsigned = input !== undefined && graph.parameters(input)?.type === DataType.uint8;
  return unsigned && integers?.dataType === DataType.int8 && int8Values(integers).some((value) => Math.abs(value) > WeightLimit.sevenBit)
    ? [saturation('seven-bit-weights', conv, 'its weights use 8 bits, which overflow on a CPU without VNNI')]
    : [];
}

/** Signed activations become unsigned only where one DQ reads them; SiLU has two readers, and its convolution stays in float. */
function checkSigned(graph: QuantizedGraph, node: NodeProto): Violation[] {
  if (graph.parameters(node)?.type !== DataType.int8) return [];
  const readers = graph.index.usesOf(node.output[0] ?? '').filter((use) => isDequantize(use.node));
  const isWeight = graph.index.initializers.has(node.input[0] ?? '');
  return readers.length > 1 && !isWeight
    ? [signed('signed-activation', node, `int8 with ${String(readers.length)} readers is not rewritten to uint8 on x86`)]
    : [];
}

const sameParameters = (a: PairParameters, b: PairParameters): boolean =>
  a.scales[0] === b.scales[0] && a.zeroPoints[0] === b.zeroPoints[0];

/** Concat and what only moves values copies integers only where all scales are equal. */
function checkEqual(graph: QuantizedGraph, node: NodeProto): Violation[] {
  if (node.opType === 'Concat' && intAttribute(node, 'axis', 0) === 0) return [];
  const output = graph.index.usesOf(node.output[0] ?? '').find((use) => isQuantize(use.node))?.node;
  const own = output && graph.parameters(output);
  if (own === undefined) return [];
  const different = activationInputs(node).some((_, index) => {
    const input = graph.dequantized(node, index);
    const parameters = input && graph.parameters(input);
    return parameters !== undefined && !sameParameters(parameters, own);
  });
  return different
    ? [selectors('equal-parameters', node, 'its inputs and its output have different scales, so that it is computed in float')]
    : [];
}

/** #DQ must equal #inputs, and all integers have one type. */
function checkCompute(graph: QuantizedGraph, node: NodeProto): Violation[] {
  const uses = graph.index.usesOf(node.output[0] ?? '');
  const output = uses.find((use) => isQuantize(use.node))?.node;
  const inputs = activationInputs(node).map((_, index) => graph.dequantized(node, index));
  const known = inputs.filter((input) => input !== undefined);
  if (output === undefined || known.length === 0) return [];
  const found: Violation[] = [];
  if (known.length < inputs.length) found.push(selectors('all-inputs', node, 'some of its inputs are quantized and some are not'));
  if (uses.length > 1) found.push(selectors('one-reader', node, 'its output must be read by one QuantizeLinear alone'));
  if (new Set([output, ...known].map((pair) => graph.parameters(pair)?.type)).size > 1)
    found.push(selectors('integer-types', node, 'its inputs and its output have integers of different types'));
  return found;
}

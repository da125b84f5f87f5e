import { DataType } from '@takt/onnx';
import type { Model, NodeProto } from '@takt/onnx';
import { QuantizedGraph } from './quantized-graph.js';
import { isDequantize, isIntegerOperator, isQuantize, violationsOf } from './violation.js';
import type { Violation } from './violation.js';

const qlinear = violationsOf('openvino issue 2976');
const transformations = violationsOf('OpenVINO low precision transformations; openvino PR 14811');

/** Operators that OpenVINO fuses into the convolution before them as long as they are in float. */
const POST_OPERATORS = new Set(['Sigmoid', 'Mul', 'Relu', 'Clip', 'LeakyRelu', 'HardSwish', 'Mish', 'Elu']);
const LAYERS = new Set(['Conv', 'MatMul', 'Gemm']);

/**
 * What keeps OpenVINO's low-precision transformations from what they do best: no QLinear operators, quantized weights only with a
 * quantized input, a bias in float or int32, constant scales above 0, and no Q between a convolution and the activation that
 * it takes up.
 */
export function validateOpenvino(model: Model): Violation[] {
  const graph = new QuantizedGraph(model);
  return graph.nodes.flatMap((node): Violation[] => {
    const op = node.opType ?? '';
    if (isIntegerOperator(node)) return [qlinear('no-qlinear', node, `OpenVINO does not read ${op}`)];
    if (LAYERS.has(op)) return checkLayer(graph, node);
    if (POST_OPERATORS.has(op) && node.input.some((_, index) => graph.dequantized(node, index) !== undefined))
      return [transformations('float-activation', node, 'a quantized activation is not taken up by the convolution before it')];
    if (isQuantize(node) || isDequantize(node)) return checkPair(graph, node);
    return [];
  });
}

function checkLayer(graph: QuantizedGraph, layer: NodeProto): Violation[] {
  if (graph.dequantized(layer, 1) === undefined) return [];
  const found: Violation[] = [];
  if (graph.dequantized(layer, 0) === undefined)
    found.push(transformations('layer-input', layer, 'its weights are quantized and its input is not'));
  const bias = graph.dequantized(layer, 2);
  if (bias !== undefined && graph.parameters(bias)?.type !== DataType.int32)
    found.push(transformations('bias-type', layer, 'its bias must be float, or int32 behind DequantizeLinear'));
  return found;
}

function checkPair(graph: QuantizedGraph, node: NodeProto): Violation[] {
  const parameters = graph.parameters(node);
  if (parameters === undefined) return [transformations('constant-parameters', node, 'its scale and zero point must be constants')];
  if (parameters.scales.some((scale) => !(scale > 0))) return [transformations('positive-scale', node, 'its scale is not above 0')];
  if (isQuantize(node) && graph.producer(node.input[0], 'Conv') !== undefined && readsOnlyActivations(graph, node.output[0] ?? ''))
    return [transformations('conv-output', node, 'it stands between a convolution and its activation')];
  return [];
}

function readsOnlyActivations(graph: QuantizedGraph, quantized: string): boolean {
  const readers = graph.index.usesOf(quantized).flatMap(({ node }) => graph.index.usesOf(node.output[0] ?? ''));
  return readers.length > 0 && readers.every(({ node }) => POST_OPERATORS.has(node.opType ?? ''));
}

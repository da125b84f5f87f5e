import type { Model } from '@takt/onnx';
import { QuantizedGraph } from './quantized-graph.js';
import { isQuantize, violation } from './violation.js';
import type { Violation } from './violation.js';

/** Operators that OpenVINO fuses into the convolution before them as long as they are in float. */
const POST_OPERATORS = new Set(['Sigmoid', 'Mul', 'Relu', 'Clip', 'LeakyRelu', 'HardSwish', 'Mish', 'Elu']);

/**
 * What keeps OpenVINO's low-precision transformations from what they do best: no QLinear operators (OpenVINO #2976), quantized weights
 * only with a quantized input, and no Q between a convolution and the activation that it takes up.
 */
export function validateOpenvino(model: Model): Violation[] {
  const graph = new QuantizedGraph(model);
  return graph.nodes.flatMap((node): Violation[] => {
    const op = node.opType ?? '';
    if (/^QLinear|Integer$/.test(op)) return [violation('no-qlinear', node, `OpenVINO does not read ${op}`)];
    if (op === 'Conv' && graph.dequantized(node, 1) !== undefined && graph.dequantized(node, 0) === undefined)
      return [violation('conv-input', node, 'its weights are quantized and its input is not')];
    if (POST_OPERATORS.has(op) && node.input.some((_, index) => graph.dequantized(node, index) !== undefined))
      return [violation('float-activation', node, 'a quantized activation is not taken up by the convolution before it')];
    if (isQuantize(node) && graph.producer(node.input[0], 'Conv') !== undefined && readsOnlyActivations(graph, node.output[0] ?? ''))
      return [violation('conv-output', node, 'it stands between a convolution and its activation')];
    return [];
  });
}

function readsOnlyActivations(graph: QuantizedGraph, quantized: string): boolean {
  const readers = graph.index.usesOf(quantized).flatMap(({ node }) => graph.index.usesOf(node.output[0] ?? ''));
  return readers.length > 0 && readers.every(({ node }) => POST_OPERATORS.has(node.opType ?? ''));
}

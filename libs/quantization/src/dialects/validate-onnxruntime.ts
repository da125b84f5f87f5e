import { DataType, intAttribute } from '@takt/onnx';
import type { Model, NodeProto } from '@takt/onnx';
import { activationInputs, isMove } from '../graph/region.js';
import { QuantizedGraph } from './quantized-graph.js';
import { isDequantize, isQuantize, violation } from './violation.js';
import type { Violation } from './violation.js';

/** How far an int32 bias's scale may lie from input scale · weight scale (ONNX Runtime PR #28229), as a share. */
const BIAS_SCALE_TOLERANCE = 0.01;

/**
 * What ONNX Runtime's CPU provider needs to run a model in integers, as its QDQ selectors and the signed-to-unsigned rewrite
 * (qdq_selector_action_transformer.cc, qdq_s8_to_u8.cc) ask for it. A model that breaks a rule runs, in float and slower.
 *
 * @param arm whether the CPU is an ARM one, which has kernels for signed activations.
 */
export function validateOnnxruntime(model: Model, arm = false): Violation[] {
  const graph = new QuantizedGraph(model);
  return graph.nodes.flatMap((node) => {
    if (node.opType === 'Conv') return checkConv(graph, node);
    if (isQuantize(node)) return arm ? [] : checkSigned(graph, node);
    if (isMove(node) || node.opType === 'Concat') return checkEqual(graph, node);
    return [];
  });
}

function checkConv(graph: QuantizedGraph, conv: NodeProto): Violation[] {
  const [input, weights, bias] = [graph.dequantized(conv, 0), graph.dequantized(conv, 1), graph.dequantized(conv, 2)];
  // A convolution on pixels or in a float part: no business of this dialect.
  if (weights === undefined) return [];
  const found: Violation[] = [];
  const uses = graph.index.usesOf(conv.output[0] ?? '');
  if (input === undefined) found.push(violation('conv-input', conv, 'its weights are quantized and its input is not'));
  if (uses.length !== 1 || !uses.every(({ node }) => isQuantize(node)))
    found.push(violation('conv-output', conv, 'its output must be read by one QuantizeLinear alone'));
  if (input === undefined || bias === undefined) return found;
  const [x, w, b] = [graph.parameters(input), graph.parameters(weights), graph.parameters(bias)];
  if (x === undefined || w === undefined || b === undefined) return found;
  const wrong = b.scales.findIndex((scale, channel) => {
    const wanted = (x.scales[0] ?? 0) * (w.scales[w.scales.length === 1 ? 0 : channel] ?? 0);
    return !(Math.abs(scale - wanted) <= BIAS_SCALE_TOLERANCE * wanted);
  });
  if (b.type !== DataType.int32) found.push(violation('conv-bias-type', conv, 'a quantized bias must be int32'));
  if (wrong >= 0)
    found.push(violation('conv-bias-scale', conv, `the scale of its bias in channel ${String(wrong)} is not input scale · weight scale`));
  return found;
}

/** Signed activations become unsigned only where one DQ reads them; SiLU has two readers, and its convolution stays in float. */
function checkSigned(graph: QuantizedGraph, node: NodeProto): Violation[] {
  if (graph.parameters(node)?.type !== DataType.int8) return [];
  const readers = graph.index.usesOf(node.output[0] ?? '').filter((use) => isDequantize(use.node));
  const isWeight = graph.index.initializers.has(node.input[0] ?? '');
  return readers.length > 1 && !isWeight
    ? [violation('signed-activation', node, `int8 with ${String(readers.length)} readers is not rewritten to uint8 on x86`)]
    : [];
}

/** Concat and what only moves values copies integers only where all scales are equal. */
function checkEqual(graph: QuantizedGraph, node: NodeProto): Violation[] {
  if (node.opType === 'Concat' && intAttribute(node, 'axis', 0) === 0) return [];
  const output = graph.index.usesOf(node.output[0] ?? '').find((use) => isQuantize(use.node))?.node;
  if (output === undefined) return [];
  const own = graph.parameters(output);
  const different = activationInputs(node).some((_, index) => {
    const input = graph.dequantized(node, index);
    const parameters = input && graph.parameters(input);
    return (
      parameters !== undefined &&
      own !== undefined &&
      (parameters.scales[0] !== own.scales[0] || parameters.zeroPoints[0] !== own.zeroPoints[0])
    );
  });
  return different
    ? [violation('equal-parameters', node, 'its inputs and its output have different scales, so that it is computed in float')]
    : [];
}

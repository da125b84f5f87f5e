import { DataType, standardOpset } from '@takt/onnx';
import type { Model, NodeProto } from '@takt/onnx';
import { QuantizedGraph } from './quantized-graph.js';
import { isDequantize, isQuantize, violation } from './violation.js';
import type { Violation } from './violation.js';

/** Newest opset that the parser of TensorRT 8.5 knows (onnx-tensorrt release/8.5-GA, docs/operators.md). */
const NEWEST_OPSET = 17;

/**
 * What the ONNX parser of TensorRT 8.5 takes (onnx-tensorrt release/8.5-GA, builtin_op_importers.cpp): int8 with zero point 0, three
 * inputs, scales above 0, a scale per channel only on constant weights along axis 0, float biases, no QLinear operators.
 */
export function validateTensorrt(model: Model): Violation[] {
  const graph = new QuantizedGraph(model);
  const found = graph.nodes.flatMap((node) => {
    const op = node.opType ?? '';
    if (/^QLinear|Integer$/.test(op)) return [violation('no-qlinear', node, `TensorRT has no ${op}`)];
    if (op === 'DynamicQuantizeLinear') return [violation('no-dynamic', node, 'TensorRT quantizes by constants only')];
    if (isQuantize(node) || isDequantize(node)) return checkPair(graph, node);
    if (op === 'Conv') return checkConv(graph, node);
    return [];
  });
  const opset = standardOpset(model) ?? 0;
  return opset <= NEWEST_OPSET
    ? found
    : [{ rule: 'opset', element: 'the model', message: `opset ${String(opset)} is newer than ${String(NEWEST_OPSET)}` }, ...found];
}

function checkPair(graph: QuantizedGraph, node: NodeProto): Violation[] {
  if (node.input.length !== 3) return [violation('three-inputs', node, 'it needs a scale and a zero point')];
  const parameters = graph.parameters(node);
  if (parameters === undefined) return [violation('constant-parameters', node, 'its scale and zero point must be constants')];
  const { type, scales, zeroPoints, axis } = parameters;
  const found: Violation[] = [];
  if (type !== DataType.int8)
    found.push(violation('int8', node, 'TensorRT takes int8 only; uint8 activations and int32 biases are refused'));
  if (zeroPoints.some((zero) => zero !== 0)) found.push(violation('zero-point', node, 'its zero point is not 0'));
  if (scales.some((scale) => !(scale > 0))) found.push(violation('positive-scale', node, 'its scale is not above 0'));
  if (scales.length > 1) {
    const source = isQuantize(node) ? node : graph.producer(node.input[0], 'QuantizeLinear');
    if (source === undefined || !graph.index.initializers.has(source.input[0] ?? ''))
      found.push(violation('per-channel-weights', node, 'only constant weights may have a scale per channel'));
    if (axis !== 0) found.push(violation('per-channel-axis', node, `its scales lie along axis ${String(axis)}, not 0`));
  }
  if (isQuantize(node)) {
    const constant = graph.index.initializers.get(node.input[0] ?? '');
    if (constant !== undefined && constant.dataType !== DataType.float)
      found.push(violation('float-weights', node, 'weights go in as float and are quantized in the graph'));
  } else if (graph.producer(node.input[0], 'QuantizeLinear') === undefined) {
    found.push(violation('pairs', node, 'TensorRT wants QuantizeLinear before it; integer constants are refused'));
  }
  return found;
}

function checkConv(graph: QuantizedGraph, conv: NodeProto): Violation[] {
  if (graph.dequantized(conv, 1) === undefined) return [];
  const found: Violation[] = [];
  if (graph.dequantized(conv, 0) === undefined) found.push(violation('conv-input', conv, 'its weights are quantized and its input is not'));
  if (graph.dequantized(conv, 2) !== undefined) found.push(violation('float-bias', conv, 'its bias must stay in float'));
  return found;
}

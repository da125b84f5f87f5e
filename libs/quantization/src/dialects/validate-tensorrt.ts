import { DataType, standardOpset } from '@takt/onnx';
import type { Model, NodeProto } from '@takt/onnx';
import { TENSORRT_OPSET } from './emit-tensorrt.js';
import { QuantizedGraph } from './quantized-graph.js';
import { isDequantize, isIntegerOperator, isQuantize, violationsOf } from './violation.js';
import type { Violation } from './violation.js';

const operators = violationsOf('onnx-tensorrt release/8.5-GA docs/operators.md');
const importers = violationsOf('onnx-tensorrt release/8.5-GA builtin_op_importers.cpp');
const bias = violationsOf('onnxruntime issues 14229, 11535');
const placement = violationsOf('NVIDIA yolo_deepstream yolov7_qat rules.py; TensorRT issue 4366');

/**
 * What the ONNX parser of TensorRT 8.5 takes: int8 with zero point 0, three inputs, scales above 0, a scale per channel only on
 * constant weights along axis 0, float biases, no QLinear operators; and equal scales where Concat joins integers, without
 * which it reformats.
 */
export function validateTensorrt(model: Model): Violation[] {
  const graph = new QuantizedGraph(model);
  const types = new Map(model.graph.input.map(({ name, type }) => [name ?? '', type?.tensorType?.elemType]));
  const found = graph.nodes.flatMap((node) => {
    const op = node.opType ?? '';
    if (isIntegerOperator(node)) return [operators('no-qlinear', node, `TensorRT has no ${op}`)];
    if (op === 'DynamicQuantizeLinear') return [operators('no-dynamic', node, 'TensorRT quantizes by constants only')];
    if (isQuantize(node)) return [...checkPair(graph, node), ...checkSource(graph, node, types)];
    if (isDequantize(node)) return [...checkPair(graph, node), ...checkIntegers(graph, node)];
    if (op === 'Conv') return checkConv(graph, node);
    if (op === 'Concat') return checkConcat(graph, node);
    return [];
  });
  const opset = standardOpset(model) ?? 0;
  return opset <= TENSORRT_OPSET
    ? found
    : [operators('opset', 'the model', `opset ${String(opset)} is newer than ${String(TENSORRT_OPSET)}`), ...found];
}

function checkPair(graph: QuantizedGraph, node: NodeProto): Violation[] {
  if (node.input.filter((name) => name !== '').length !== 3) return [importers('three-inputs', node, 'it needs a scale and a zero point')];
  const parameters = graph.parameters(node);
  if (parameters === undefined) return [importers('constant-parameters', node, 'its scale and zero point must be constants')];
  const { type, scales, zeroPoints, axis } = parameters;
  const found: Violation[] = [];
  if (type !== DataType.int8)
    found.push(importers('int8', node, 'TensorRT takes int8 only; uint8 activations and int32 biases are refused'));
  if (zeroPoints.some((zero) => zero !== 0)) found.push(importers('zero-point', node, 'its zero point is not 0'));
  if (scales.some((scale) => !(scale > 0 && Number.isFinite(scale))))
    found.push(importers('positive-scale', node, 'its scale is no number above 0'));
  if (scales.length > 1) {
    const source = isQuantize(node) ? node : graph.producer(node.input[0], 'QuantizeLinear');
    if (source === undefined || !graph.index.initializers.has(source.input[0] ?? ''))
      found.push(importers('per-channel-weights', node, 'only constant weights may have a scale per channel'));
    if (axis !== 0) found.push(importers('per-channel-axis', node, `its scales lie along axis ${String(axis)}, not 0`));
  }
  return found;
}

const FLOATS: ReadonlySet<number | undefined> = new Set([DataType.float, DataType.float16]);

/** A Q reads float values: what a node makes is taken for that, constants and the graph's inputs are looked up. */
function checkSource(graph: QuantizedGraph, node: NodeProto, inputTypes: ReadonlyMap<string, number | undefined>): Violation[] {
  const source = node.input[0] ?? '';
  const constant = graph.index.initializers.get(source);
  if (constant !== undefined)
    return FLOATS.has(constant.dataType) ? [] : [importers('float-weights', node, 'weights go in as float and are quantized in the graph')];
  return !graph.index.inputs.has(source) || FLOATS.has(inputTypes.get(source))
    ? []
    : [importers('float-input', node, `it quantizes "${source}", which is no float input`)];
}

function checkIntegers(graph: QuantizedGraph, node: NodeProto): Violation[] {
  return graph.producer(node.input[0], 'QuantizeLinear') === undefined
    ? [importers('pairs', node, 'TensorRT wants QuantizeLinear before it; integer constants are refused')]
    : [];
}

function checkConv(graph: QuantizedGraph, conv: NodeProto): Violation[] {
  if (graph.dequantized(conv, 1) === undefined) return [];
  const found: Violation[] = [];
  if (graph.dequantized(conv, 0) === undefined) found.push(placement('conv-input', conv, 'its weights are quantized and its input is not'));
  if (graph.dequantized(conv, 2) !== undefined) found.push(bias('float-bias', conv, 'its bias must stay in float'));
  return found;
}

function checkConcat(graph: QuantizedGraph, concat: NodeProto): Violation[] {
  const scales = concat.input.map((_, index) => {
    const pair = graph.dequantized(concat, index);
    return pair && graph.parameters(pair)?.scales[0];
  });
  return new Set(scales.filter((scale) => scale !== undefined)).size > 1
    ? [placement('equal-scales', concat, 'its inputs have different scales, so that they are reformatted')]
    : [];
}

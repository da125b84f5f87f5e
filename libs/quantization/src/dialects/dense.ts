import { DataType, attributeOf, floatValues, intAttribute } from '@takt/onnx';
import type { GraphIndex, NodeProto } from '@takt/onnx';
import type { QuantizedConstant } from '../graph/qdq-writer.js';
import { quantizePerChannel } from '../math/weights.js';
import type { WeightLimit } from '../math/weights.js';

/** Whether a node is a plain product with a constant matrix: a fully connected layer. */
export function isDense(node: NodeProto, index: GraphIndex): boolean {
  if (node.opType !== 'MatMul' && node.opType !== 'Gemm') return false;
  const weight = index.initializers.get(node.input[1] ?? '');
  if (weight?.dataType !== DataType.float || weight.dims.length !== 2) return false;
  const [alpha, beta] = [attributeOf(node, 'alpha')?.f ?? 1, attributeOf(node, 'beta')?.f ?? 1];
  return intAttribute(node, 'transA', 0) === 0 && alpha === 1 && beta === 1;
}

/** The matrix of a fully connected layer as int8, with a scale for each output. */
export function denseWeights(node: NodeProto, index: GraphIndex, limit: WeightLimit): QuantizedConstant {
  const weight = index.initializers.get(node.input[1] ?? '');
  if (weight === undefined) throw new TypeError('a product without a constant matrix was taken for a layer');
  const [rows = 1, columns = 1] = weight.dims;
  const outputsFirst = intAttribute(node, 'transB', 0) !== 0;
  const values = floatValues(weight);
  if (outputsFirst) return { ...quantizePerChannel(values, rows, limit), dims: weight.dims };
  const byOutput = values.map((_, at) => values[(at % rows) * columns + Math.floor(at / rows)] ?? 0);
  const quantized = quantizePerChannel(byOutput, columns, limit);
  const back = quantized.values.map((_, at) => quantized.values[(at % columns) * rows + Math.floor(at / columns)] ?? 0);
  return { values: back, scales: quantized.scales, dims: weight.dims, axis: 1 };
}

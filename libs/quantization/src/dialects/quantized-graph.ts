import { DataType, floatValues, indexGraph, int8Values, intAttribute } from '@takt/onnx';
import type { GraphIndex, Model, NodeProto, TensorProto } from '@takt/onnx';

/** Scale and zero point of a Q or DQ node. */
export interface PairParameters {
  readonly scales: Float32Array;
  /** Data type of the integers. */
  readonly type: DataType | undefined;
  readonly zeroPoints: readonly number[];
  readonly axis: number;
  readonly hasZeroPoint: boolean;
}

/** A model and what its Q and DQ nodes say. */
export class QuantizedGraph {
  readonly index: GraphIndex;
  readonly nodes: readonly NodeProto[];

  constructor(model: Model) {
    this.index = indexGraph(model.graph);
    this.nodes = model.graph.node;
  }

  /** Undefined where scale or zero point is no constant. */
  parameters(node: NodeProto): PairParameters | undefined {
    return pairParameters(node, this.index.initializers);
  }

  /** The node that makes a value, where it is of that operator. */
  producer(value: string | undefined, opType: string): NodeProto | undefined {
    const node = this.index.producers.get(value ?? '');
    return node?.opType === opType ? node : undefined;
  }

  /** The DQ behind which an input of a node lies. */
  dequantized(node: NodeProto, input: number): NodeProto | undefined {
    return this.producer(node.input[input], 'DequantizeLinear');
  }
}

/** Scale and zero point of a Q or DQ node; undefined where they are no constants. */
export function pairParameters(node: NodeProto, constants: GraphIndex['initializers']): PairParameters | undefined {
  const scale = constants.get(node.input[1] ?? '');
  const zero = constants.get(node.input[2] ?? '');
  const hasZeroPoint = (node.input[2] ?? '') !== '';
  if (scale?.dataType !== DataType.float || (hasZeroPoint && zero === undefined)) return undefined;
  return {
    scales: floatValues(scale),
    // Since opset 21 a Q node without a zero point may name the type itself.
    type: (zero?.dataType ?? (intAttribute(node, 'output_dtype', 0) || DataType.uint8)) as DataType,
    zeroPoints: zero === undefined ? [0] : integersOf(zero),
    axis: intAttribute(node, 'axis', 1),
    hasZeroPoint,
  };
}

/** Values of an int8, uint8 or int32 tensor. */
export function integersOf(tensor: TensorProto): number[] {
  if (tensor.dataType === DataType.int8) return [...int8Values(tensor)];
  if (tensor.rawData !== undefined) {
    const { rawData } = tensor;
    if (tensor.dataType === DataType.uint8) return [...rawData];
    return [...new Int32Array(new Uint8Array(rawData).buffer)];
  }
  return [...tensor.int32Data];
}

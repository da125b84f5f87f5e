import { nodeLabel } from '@takt/onnx';
import type { NodeProto } from '@takt/onnx';

/** A rule of a runtime that a model breaks. */
export interface Violation {
  readonly rule: string;
  /** The graph node, or the value, that breaks it. */
  readonly element: string;
  readonly message: string;
}

export const violation = (rule: string, node: NodeProto, message: string): Violation => ({ rule, element: nodeLabel(node), message });

export const isQuantize = ({ opType }: NodeProto): boolean => opType === 'QuantizeLinear';
export const isDequantize = ({ opType }: NodeProto): boolean => opType === 'DequantizeLinear';

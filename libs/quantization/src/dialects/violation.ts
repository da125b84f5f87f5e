import { nodeLabel } from '@takt/onnx';
import type { NodeProto } from '@takt/onnx';

/** A rule of a runtime that a model breaks. */
export interface Violation {
  readonly rule: string;
  /** The graph node, or the value, that breaks it. */
  readonly element: string;
  readonly message: string;
  /** Where the runtime says so. */
  readonly source: string;
}

/** Makes the violations of one source. */
export const violationsOf =
  (source: string) =>
  (rule: string, element: NodeProto | string, message: string): Violation => ({
    rule,
    element: typeof element === 'string' ? element : nodeLabel(element),
    message,
    source,
  });

export const isQuantize = ({ opType }: NodeProto): boolean => opType === 'QuantizeLinear';
export const isDequantize = ({ opType }: NodeProto): boolean => opType === 'DequantizeLinear';
/** Operators that compute in integers by themselves, which only ONNX Runtime reads. */
export const isIntegerOperator = ({ opType }: NodeProto): boolean => /^QLinear|Integer$/.test(opType ?? '');

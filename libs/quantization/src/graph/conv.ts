import { floatValues, intAttribute } from '@takt/onnx';
import type { GraphIndex, NodeProto, TensorProto } from '@takt/onnx';
import type { ConvShape } from '../math/bias-correction.js';

/** Constants of a convolution. */
export interface ConvConstants {
  readonly weights: Float32Array;
  readonly dims: readonly number[];
  readonly shape: ConvShape;
  readonly bias: Float32Array | undefined;
}

/** Values by the tensor that holds them: a model is emitted many times while its layers are compared. */
const read = new WeakMap<TensorProto, Float32Array>();

function valuesOf(tensor: TensorProto): Float32Array {
  const values = read.get(tensor) ?? floatValues(tensor);
  read.set(tensor, values);
  return values;
}

export function convConstants(node: NodeProto, index: GraphIndex): ConvConstants {
  const weight = index.initializers.get(node.input[1] ?? '');
  if (weight === undefined) throw new TypeError('a convolution without constant weights was taken for quantizable');
  const bias = index.initializers.get(node.input[2] ?? '');
  const [outputs = 1, inputsPerGroup = 1, ...kernel] = weight.dims;
  return {
    weights: valuesOf(weight),
    dims: weight.dims,
    shape: { outputs, inputsPerGroup, kernel: kernel.reduce((product, dim) => product * dim, 1), groups: intAttribute(node, 'group', 1) },
    bias: bias === undefined ? undefined : valuesOf(bias),
  };
}

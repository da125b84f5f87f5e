import { floatValues, intAttribute } from '@takt/onnx';
import type { GraphIndex, NodeProto } from '@takt/onnx';
import type { ConvShape } from '../math/bias-correction.js';

/** Constants of a convolution. */
export interface ConvConstants {
  readonly weights: Float32Array;
  readonly dims: readonly number[];
  readonly shape: ConvShape;
  readonly bias: Float32Array | undefined;
}

export function convConstants(node: NodeProto, index: GraphIndex): ConvConstants {
  const weight = index.initializers.get(node.input[1] ?? '');
  if (weight === undefined) throw new TypeError('a convolution without constant weights was taken for quantizable');
  const bias = index.initializers.get(node.input[2] ?? '');
  const [outputs = 1, inputsPerGroup = 1, ...kernel] = weight.dims;
  return {
    weights: floatValues(weight),
    dims: weight.dims,
    shape: { outputs, inputsPerGroup, kernel: kernel.reduce((product, dim) => product * dim, 1), groups: intAttribute(node, 'group', 1) },
    bias: bias === undefined ? undefined : floatValues(bias),
  };
}

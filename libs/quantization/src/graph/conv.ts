import { floatValues, intAttribute } from '@takt/onnx';
import type { GraphIndex, NodeProto, TensorProto } from '@takt/onnx';
import type { ConvShape } from '../math/bias-correction.js';
import type { Statistics } from '../statistics/statistics.js';

/** Constants of a convolution. */
export interface ConvConstants {
  readonly weights: Float32Array;
  readonly dims: readonly number[];
  readonly shape: ConvShape;
  readonly bias: Float32Array | undefined;
  /** Scales per output channel that int8 weights were trained with; undefined where they are to be searched. */
  readonly trainedScales?: ArrayLike<number> | undefined;
}

/** Values by the tensor that holds them: a model is emitted many times while its layers are compared. */
const read = new WeakMap<TensorProto, Float32Array>();

function valuesOf(tensor: TensorProto): Float32Array {
  const values = read.get(tensor) ?? floatValues(tensor);
  read.set(tensor, values);
  return values;
}

/** @param trained what training fixed, undefined for a model that was trained in float. */
export function convConstants(node: NodeProto, index: GraphIndex, trained?: Statistics['trained']): ConvConstants {
  const weight = index.initializers.get(node.input[1] ?? '');
  if (weight === undefined) throw new TypeError('a convolution without constant weights was taken for quantizable');
  const bias = index.initializers.get(node.input[2] ?? '');
  const [outputs = 1, inputsPerGroup = 1, ...kernel] = weight.dims;
  return {
    weights: valuesOf(weight),
    dims: weight.dims,
    shape: { outputs, inputsPerGroup, kernel: kernel.reduce((product, dim) => product * dim, 1), groups: intAttribute(node, 'group', 1) },
    bias: bias === undefined ? undefined : valuesOf(bias),
    trainedScales: trainedScalesOf(node, outputs, trained),
  };
}

/** Undefined as well where folding changed the number of channels: the scales belong to other weights then. */
function trainedScalesOf(node: NodeProto, outputs: number, trained: Statistics['trained']): readonly number[] | undefined {
  const value = node.output[0] ?? '';
  // A model may call a value `constructor`.
  const scales = trained !== undefined && Object.hasOwn(trained.weightScales, value) ? trained.weightScales[value] : undefined;
  return scales?.length === outputs ? scales : undefined;
}

import type { TaktError } from '@takt/kernel';
import { OnnxErrorCode, onnxError } from '../onnx-error.js';
import { COMPLEX, ELEMENT_BITS, TYPED_FIELD, TypedField, typedValues } from './element-types.js';
import { DataType } from './messages.js';
import type { TensorProto } from './messages.js';

/** Number of elements of a shape. A scalar has one. */
export const elementCount = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

/** Most dimensions of a tensor, as in NumPy; engines stop at eight and less. */
export const MAX_RANK = 64;

/** Most values of a tensor: no file can hold more of even the smallest ones, and counts stay exact numbers. */
const MOST_VALUES = 2 ** 32;

/**
 * Checks that a tensor holds as many values as its shape says, in one of the places where values may lie.
 *
 * @throws TaktError `OnnxMalformed`, `OnnxExternalData`.
 */
export function checkTensor(tensor: TensorProto): void {
  const name = tensor.name ?? 'a constant';
  const refuse = (what: string): TaktError => onnxError(OnnxErrorCode.malformed, `"${name}" ${what}`, name);
  if (tensor.dataLocation === 1 || tensor.externalData.length > 0) {
    throw onnxError(OnnxErrorCode.externalData, `the values of "${name}" lie in another file`, name);
  }
  if (tensor.dims.length > MAX_RANK) throw refuse(`has ${String(tensor.dims.length)} dimensions`);
  if (tensor.dims.some((dim) => dim < 0)) throw refuse('has a negative dimension');
  const bits = ELEMENT_BITS[tensor.dataType ?? 0];
  if (bits === undefined) throw refuse(`has the data type ${String(tensor.dataType ?? 0)}, which ONNX does not know`);
  const count = elementCount(tensor.dims);
  // A zero among the dimensions hides how large the others are.
  const bounded = elementCount(tensor.dims.filter((dim) => dim > 0)) <= MOST_VALUES;
  const held = heldValues(tensor, count);
  if (held === undefined) throw refuse('holds its values twice');
  if (held !== count) throw refuse(`holds ${String(held)} values where its shape ${shapeText(tensor.dims)} needs ${String(count)}`);
  if (!bounded) throw refuse(`has the impossible shape ${shapeText(tensor.dims)}`);
}

/**
 * How many values lie in a tensor; a fraction where its raw bytes do not end with one. Undefined where they lie in two places.
 *
 * @param count values that its shape asks for: raw bytes of less than a byte each are padded, so that they tell no number.
 */
function heldValues(tensor: TensorProto, count: number): number | undefined {
  const bits = ELEMENT_BITS[tensor.dataType ?? 0] ?? 0;
  const typed = typedValues(tensor);
  const inPlaces = [...typed.values()].filter((values) => values > 0).length;
  if (tensor.rawData !== undefined && tensor.rawData.length > 0) {
    if (inPlaces > 0) return undefined;
    const { length } = tensor.rawData;
    if (bits < 8) return length === Math.ceil((count * bits) / 8) ? count : (length * 8) / bits;
    return (length * 8) / bits;
  }
  if (inPlaces > 1) return undefined;
  const held = typed.get(TYPED_FIELD[tensor.dataType ?? 0] ?? TypedField.int32) ?? 0;
  // Numbers of less than a byte lie in int32_data by the byte; complex ones take two places.
  if (bits < 8) return held === Math.ceil((count * bits) / 8) ? count : (held * 8) / bits;
  return COMPLEX.has(tensor.dataType ?? 0) ? held / 2 : held;
}

const shapeText = (dims: readonly number[]): string => `[${dims.join('×')}]`;

/** Copy of the raw data at an aligned address. */
const aligned = (raw: Uint8Array): ArrayBuffer => new Uint8Array(raw).buffer;

/** @throws TaktError `OnnxMalformed` when the tensor is not FLOAT. */
export function floatValues(tensor: TensorProto): Float32Array {
  expectType(tensor, DataType.float);
  return tensor.rawData === undefined ? Float32Array.from(tensor.floatData) : new Float32Array(aligned(tensor.rawData));
}

/** @throws TaktError `OnnxMalformed` when the tensor is not INT64. */
export function int64Values(tensor: TensorProto): BigInt64Array {
  expectType(tensor, DataType.int64);
  return tensor.rawData === undefined ? BigInt64Array.from(tensor.int64Data) : new BigInt64Array(aligned(tensor.rawData));
}

/** @throws TaktError `OnnxMalformed` when the tensor is not INT8. */
export function int8Values(tensor: TensorProto): Int8Array {
  expectType(tensor, DataType.int8);
  return tensor.rawData === undefined ? Int8Array.from(tensor.int32Data) : new Int8Array(aligned(tensor.rawData));
}

/** @throws TaktError `OnnxMalformed` when the tensor is not INT32. */
export function int32Values(tensor: TensorProto): Int32Array {
  expectType(tensor, DataType.int32);
  return tensor.rawData === undefined ? Int32Array.from(tensor.int32Data) : new Int32Array(aligned(tensor.rawData));
}

function expectType(tensor: TensorProto, type: DataType): void {
  checkTensor(tensor);
  if (tensor.dataType !== type) {
    throw onnxError(
      OnnxErrorCode.malformed,
      `"${tensor.name ?? ''}" has data type ${String(tensor.dataType)} where ${String(type)} is needed`,
      tensor.name,
    );
  }
}

const make = (name: string, dataType: DataType, dims: readonly number[], values: ArrayBufferView): TensorProto => ({
  name,
  dataType,
  dims,
  floatData: [],
  int32Data: [],
  int64Data: [],
  externalData: [],
  rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice(),
});

export const floatTensor = (name: string, dims: readonly number[], values: Float32Array): TensorProto =>
  make(name, DataType.float, dims, values);
export const int8Tensor = (name: string, dims: readonly number[], values: Int8Array): TensorProto =>
  make(name, DataType.int8, dims, values);
export const uint8Tensor = (name: string, dims: readonly number[], values: Uint8Array): TensorProto =>
  make(name, DataType.uint8, dims, values);
export const int32Tensor = (name: string, dims: readonly number[], values: Int32Array): TensorProto =>
  make(name, DataType.int32, dims, values);
export const int64Tensor = (name: string, dims: readonly number[], values: BigInt64Array): TensorProto =>
  make(name, DataType.int64, dims, values);
/** @param bits binary16 */
export const float16Tensor = (name: string, dims: readonly number[], bits: Uint16Array): TensorProto =>
  make(name, DataType.float16, dims, bits);

import { OnnxErrorCode, onnxError } from '../onnx-error.js';
import { DataType } from './messages.js';
import type { TensorProto } from './messages.js';

/** Number of elements of a shape. A scalar has one. */
export const elementCount = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

const WIDTH: Readonly<Record<number, number>> = {
  [DataType.float]: 4,
  [DataType.uint8]: 1,
  [DataType.int8]: 1,
  [DataType.int32]: 4,
  [DataType.int64]: 8,
  [DataType.bool]: 1,
  [DataType.float16]: 2,
  [DataType.double]: 8,
};

/**
 * Checks that a tensor holds as many values as its shape says.
 *
 * @throws TaktError `OnnxMalformed`, `OnnxExternalData`.
 */
export function checkTensor(tensor: TensorProto): void {
  const name = tensor.name ?? 'a constant';
  if (tensor.dataLocation === 1 || tensor.externalData.length > 0) {
    throw onnxError(OnnxErrorCode.externalData, `the values of "${name}" lie in another file`, name);
  }
  if (tensor.dims.some((dim) => dim < 0)) throw onnxError(OnnxErrorCode.malformed, `"${name}" has a negative dimension`, name);
  const width = WIDTH[tensor.dataType ?? 0];
  if (width === undefined) return;
  const count = elementCount(tensor.dims);
  const held = heldValues(tensor, width);
  if (held !== undefined && held !== count) {
    throw onnxError(
      OnnxErrorCode.malformed,
      `"${name}" holds ${String(held)} values where its shape ${shapeText(tensor.dims)} needs ${String(count)}`,
      name,
    );
  }
}

function heldValues(tensor: TensorProto, width: number): number | undefined {
  if (tensor.rawData !== undefined) return tensor.rawData.length / width;
  switch (tensor.dataType) {
    case DataType.float:
      return tensor.floatData.length;
    case DataType.int64:
      return tensor.int64Data.length;
    case DataType.double:
      return undefined;
    default:
      return tensor.int32Data.length;
  }
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

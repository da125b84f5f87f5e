import { splitFields } from '../wire/raw-field.js';
import type { TensorProto } from './messages.js';

/** Bits of one value in `raw_data`, by TensorProto.DataType up to IR version 13. A string has none: it cannot lie there. */
export const ELEMENT_BITS: Readonly<Record<number, number>> = {
  1: 32, // float
  2: 8, // uint8
  3: 8, // int8
  4: 16, // uint16
  5: 16, // int16
  6: 32, // int32
  7: 64, // int64
  8: Infinity, // string
  9: 8, // bool
  10: 16, // float16
  11: 64, // double
  12: 32, // uint32
  13: 64, // uint64
  14: 64, // complex64
  15: 128, // complex128
  16: 16, // bfloat16
  17: 8, // float8e4m3fn
  18: 8, // float8e4m3fnuz
  19: 8, // float8e5m2
  20: 8, // float8e5m2fnuz
  21: 4, // uint4
  22: 4, // int4
  23: 4, // float4e2m1
  24: 8, // float8e8m0
  25: 2, // uint2
  26: 2, // int2
};

/** Numbers of the fields of TensorProto that hold values one by one. */
export const TypedField = { float: 4, int32: 5, string: 6, int64: 7, double: 10, uint64: 11 } as const;
export type TypedField = (typeof TypedField)[keyof typeof TypedField];

/** Where values of a type lie when they are not raw, as onnx.proto says; `int32_data` for all others. */
export const TYPED_FIELD: Readonly<Record<number, TypedField>> = {
  1: TypedField.float,
  7: TypedField.int64,
  8: TypedField.string,
  11: TypedField.double,
  12: TypedField.uint64,
  13: TypedField.uint64,
  14: TypedField.float,
  15: TypedField.double,
};

export const COMPLEX: ReadonlySet<number> = new Set([14, 15]);

/** How many values lie in each typed field of a tensor. Fields that takt does not decode are counted in their bytes. */
export function typedValues(tensor: TensorProto): ReadonlyMap<TypedField, number> {
  const counts = new Map<TypedField, number>([
    [TypedField.float, tensor.floatData.length],
    [TypedField.int32, tensor.int32Data.length],
    [TypedField.int64, tensor.int64Data.length],
  ]);
  const add = (field: TypedField, values: number): void => void counts.set(field, (counts.get(field) ?? 0) + values);
  for (const bytes of tensor.unknown ?? []) {
    for (const { no, content, packed } of splitFields(bytes, 'TensorProto')) {
      if (no === TypedField.string) add(no, 1);
      else if (no === TypedField.double) add(no, packed ? content.length / DOUBLE : 1);
      else if (no === TypedField.uint64) add(no, packed ? endsOfVarints(content) : 1);
    }
  }
  return counts;
}

const DOUBLE = 8;

/** A varint's last byte has its highest bit clear. */
const endsOfVarints = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum + (byte < 0x80 ? 1 : 0), 0);

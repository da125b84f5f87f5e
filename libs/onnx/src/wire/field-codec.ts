import { BinaryReader, WireType, getTextEncoding } from '@bufbuild/protobuf/wire';
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { MessageCodec } from './message-codec.js';
import { malformed } from './raw-field.js';
import type { RawField } from './raw-field.js';

/** Reads and writes one field of a message. `V` includes undefined where the field may be absent. */
export interface FieldCodec<V> {
  readonly no: number;
  decode(raws: readonly RawField[], owner: string): V;
  encode(writer: BinaryWriter, value: V): void;
}

interface Scalar<V> {
  readonly wire: WireType;
  read(reader: BinaryReader): V;
  write(writer: BinaryWriter, value: V): void;
}

const int64: Scalar<bigint> = {
  wire: WireType.Varint,
  read: (reader) => BigInt(reader.int64()),
  write: (writer, value) => void writer.int64(value),
};

/** int64 fields whose values are counts or versions; beyond 2^53 the model is refused. */
const safeInt: Scalar<number> = {
  wire: WireType.Varint,
  read: (reader) => {
    const value = Number(reader.int64());
    if (!Number.isSafeInteger(value)) throw new RangeError('integer out of range');
    return value;
  },
  write: (writer, value) => void writer.int64(value),
};

const int32: Scalar<number> = {
  wire: WireType.Varint,
  read: (reader) => reader.int32(),
  write: (writer, value) => void writer.int32(value),
};
const float: Scalar<number> = {
  wire: WireType.Bit32,
  read: (reader) => reader.float(),
  write: (writer, value) => void writer.float(value),
};

function one<V>(no: number, scalar: Scalar<V>): FieldCodec<V | undefined> {
  return {
    no,
    decode(raws, owner) {
      const raw = raws.at(-1);
      if (!raw) return undefined;
      if (raw.wire !== scalar.wire) throw malformed(owner, `field ${String(no)} has another type`);
      return readScalar(raw.content, scalar, owner, no);
    },
    encode(writer, value) {
      if (value === undefined) return;
      writer.tag(no, scalar.wire);
      scalar.write(writer, value);
    },
  };
}

/** Most values of a list: one byte of the file becomes up to 32 of memory. Exporters write larger tensors as raw bytes. */
const MAX_LIST = 2 ** 24;

/** Reads both forms of a repeated scalar (packed or one field per value); writes it packed where `packed`. */
function many<V>(no: number, scalar: Scalar<V>, packed: boolean): FieldCodec<readonly V[]> {
  return {
    no,
    decode(raws, owner) {
      const values: V[] = [];
      for (const raw of raws) {
        if (raw.wire === scalar.wire) values.push(readScalar(raw.content, scalar, owner, no));
        else if (raw.wire === WireType.LengthDelimited) {
          const reader = new BinaryReader(raw.content);
          try {
            while (reader.pos < reader.len && values.length < MAX_LIST) values.push(scalar.read(reader));
          } catch (thrown) {
            throw malformed(owner, `a list in field ${String(no)} breaks off`, thrown);
          }
          if (reader.pos < reader.len) throw malformed(owner, `a list in field ${String(no)} has more than ${String(MAX_LIST)} values`);
        } else throw malformed(owner, `field ${String(no)} has another type`);
      }
      return values;
    },
    encode(writer, values) {
      if (values.length === 0) return;
      if (packed) {
        writer.tag(no, WireType.LengthDelimited).fork();
        for (const value of values) scalar.write(writer, value);
        writer.join();
      } else {
        for (const value of values) {
          writer.tag(no, scalar.wire);
          scalar.write(writer, value);
        }
      }
    },
  };
}

function readScalar<V>(content: Uint8Array, scalar: Scalar<V>, owner: string, no: number): V {
  try {
    return scalar.read(new BinaryReader(content));
  } catch (thrown) {
    throw malformed(owner, `the value of field ${String(no)} is out of range`, thrown);
  }
}

const contentOf = (raw: RawField, owner: string): Uint8Array => {
  if (raw.wire !== WireType.LengthDelimited) throw malformed(owner, `field ${String(raw.no)} has another type`);
  return raw.content;
};

/** Exact length prefix plus content, without copying the content into a string and back. */
const writeBytes = (writer: BinaryWriter, no: number, value: Uint8Array): void =>
  void writer.tag(no, WireType.LengthDelimited).bytes(value);

const text = (content: Uint8Array): string => getTextEncoding().decodeUtf8(content);

export const optionalInt = (no: number): FieldCodec<number | undefined> => one(no, safeInt);
export const optionalInt32 = (no: number): FieldCodec<number | undefined> => one(no, int32);
export const optionalInt64 = (no: number): FieldCodec<bigint | undefined> => one(no, int64);
export const optionalFloat = (no: number): FieldCodec<number | undefined> => one(no, float);
export const repeatedInt = (no: number): FieldCodec<readonly number[]> => many(no, safeInt, false);
export const repeatedInt64 = (no: number, packed = false): FieldCodec<readonly bigint[]> => many(no, int64, packed);
export const repeatedInt32 = (no: number, packed = false): FieldCodec<readonly number[]> => many(no, int32, packed);
export const repeatedFloat = (no: number, packed = false): FieldCodec<readonly number[]> => many(no, float, packed);

export const optionalBytes = (no: number): FieldCodec<Uint8Array | undefined> => ({
  no,
  decode: (raws, owner) => {
    const raw = raws.at(-1);
    return raw && contentOf(raw, owner);
  },
  encode: (writer, value) => {
    if (value !== undefined) writeBytes(writer, no, value);
  },
});

export const repeatedBytes = (no: number): FieldCodec<readonly Uint8Array[]> => ({
  no,
  decode: (raws, owner) => raws.map((raw) => contentOf(raw, owner)),
  encode: (writer, values) => {
    for (const value of values) writeBytes(writer, no, value);
  },
});

export const optionalString = (no: number): FieldCodec<string | undefined> => ({
  no,
  decode: (raws, owner) => {
    const raw = raws.at(-1);
    return raw && text(contentOf(raw, owner));
  },
  encode: (writer, value) => {
    if (value !== undefined) writer.tag(no, WireType.LengthDelimited).string(value);
  },
});

export const repeatedString = (no: number): FieldCodec<readonly string[]> => ({
  no,
  decode: (raws, owner) => raws.map((raw) => text(contentOf(raw, owner))),
  encode: (writer, values) => {
    for (const value of values) writer.tag(no, WireType.LengthDelimited).string(value);
  },
});

export const optionalMessage = <T extends object>(no: number, codec: MessageCodec<T>): FieldCodec<T | undefined> => ({
  no,
  decode: (raws, owner) => {
    if (raws.length > 1) throw malformed(owner, `field ${String(no)} occurs twice`);
    const raw = raws[0];
    return raw && codec.decode(contentOf(raw, owner));
  },
  encode: (writer, value) => {
    if (value !== undefined) writeBytes(writer, no, codec.encode(value));
  },
});

export const repeatedMessage = <T extends object>(no: number, codec: MessageCodec<T>): FieldCodec<readonly T[]> => ({
  no,
  decode: (raws, owner) => raws.map((raw) => codec.decode(contentOf(raw, owner))),
  encode: (writer, values) => {
    for (const value of values) writeBytes(writer, no, codec.encode(value));
  },
});

import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { OnnxErrorCode, onnxError } from '../onnx-error.js';

/** One field as it lies in the bytes: nothing is lost by keeping it. */
export interface RawField {
  readonly no: number;
  readonly wire: WireType;
  /** Tag, length and content: what is written back when the field is kept as it is. */
  readonly bytes: Uint8Array;
  /** The content alone, for length-delimited fields; the encoded scalar otherwise. */
  readonly content: Uint8Array;
}

/**
 * Splits a message into its fields. Lengths are checked against the bytes that are there before anything is read.
 *
 * @throws TaktError `OnnxTruncated` when a field ends after the message, `OnnxMalformed` on bytes that are no protobuf.
 */
export function splitFields(message: Uint8Array, name: string): RawField[] {
  const reader = new BinaryReader(message);
  const fields: RawField[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [no, wire] = guarded(name, () => reader.tag());
    if (wire === WireType.StartGroup || wire === WireType.EndGroup) throw malformed(name, `field ${String(no)} has an unknown wire type`);
    let from = reader.pos;
    if (wire === WireType.LengthDelimited) {
      const length = guarded(name, () => reader.uint32());
      from = reader.pos;
      if (length > reader.len - from) {
        throw onnxError(
          OnnxErrorCode.truncated,
          `${name} announces ${String(length)} bytes in field ${String(no)} where ${String(reader.len - from)} are left`,
          name,
        );
      }
      reader.pos = from + length;
    } else {
      guarded(name, () => reader.skip(wire, no));
    }
    fields.push({ no, wire, bytes: message.subarray(start, reader.pos), content: message.subarray(from, reader.pos) });
  }
  return fields;
}

function guarded<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof RangeError) throw onnxError(OnnxErrorCode.truncated, `${name} ends in the middle of a field`, name, thrown);
    throw malformed(name, 'it is not protobuf', thrown);
  }
}

export const malformed = (name: string, why: string, cause?: unknown): Error =>
  onnxError(OnnxErrorCode.malformed, `${name} cannot be read: ${why}`, name, cause);

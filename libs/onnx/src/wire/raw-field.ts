import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { OnnxErrorCode, onnxError } from '../onnx-error.js';

/** One field as it lies in the bytes: nothing is lost by keeping it. Its parts are cut out when they are asked for. */
export class RawField {
  readonly no: number;
  readonly wire: WireType;
  private readonly message: Uint8Array;
  private readonly start: number;
  private readonly from: number;
  private readonly end: number;

  /** The tag begins at `start`, the content at `from`; all of it ends before `end`. */
  constructor(no: number, wire: WireType, message: Uint8Array, start: number, from: number, end: number) {
    this.no = no;
    this.wire = wire;
    this.message = message;
    this.start = start;
    this.from = from;
    this.end = end;
  }

  /** Tag, length and content: what is written back when the field is kept as it is. */
  get bytes(): Uint8Array {
    return this.message.subarray(this.start, this.end);
  }

  /** The content alone, for length-delimited fields; the encoded scalar otherwise. */
  get content(): Uint8Array {
    return this.message.subarray(this.from, this.end);
  }

  /** Whether the field announces its length: a message, a text, bytes, or a packed list. */
  get packed(): boolean {
    return this.wire === WireType.LengthDelimited;
  }
}

/** Most fields of one message: each costs a hundred times its two bytes, and no graph has so many nodes or weights. */
export const MAX_FIELDS = 2 ** 18;

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
    if (fields.length === MAX_FIELDS) throw malformed(name, `it has more than ${String(MAX_FIELDS)} fields`);
    fields.push(new RawField(no, wire, message, start, from, reader.pos));
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

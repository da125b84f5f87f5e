import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { FieldCodec } from './field-codec.js';
import { splitFields } from './raw-field.js';
import type { RawField } from './raw-field.js';

/** What every decoded message carries beside its typed fields. */
export interface Preserved {
  /** Fields that the table does not know, each with its tag; written back after the known ones. */
  readonly unknown?: readonly Uint8Array[];
}

export interface MessageCodec<T extends object> {
  decode(bytes: Uint8Array): T;
  encode(message: T): Uint8Array;
}

/**
 * The bytes a message was decoded from. Not enumerable: a changed copy (`{ ...message, name }`) does not carry it and is
 * written from its fields, an untouched message is written exactly as it was read.
 */
const SOURCE = Symbol('source');

type FieldTable<T extends object> = { readonly [K in Exclude<keyof T, 'unknown'>]-?: FieldCodec<T[K]> };

/** Makes the codec of one message type from its table; `name` is used in errors. Decoded messages are frozen. */
export function message<T extends Preserved>(name: string, table: FieldTable<T>): MessageCodec<T> {
  const fields = Object.entries<FieldCodec<unknown>>(table as Readonly<Record<string, FieldCodec<unknown>>>).sort(
    (a, b) => a[1].no - b[1].no,
  );
  const known = new Set(fields.map(([, codec]) => codec.no));
  return {
    decode(bytes) {
      const byNumber = new Map<number, RawField[]>();
      const unknown: Uint8Array[] = [];
      for (const raw of splitFields(bytes, name)) {
        if (!known.has(raw.no)) unknown.push(raw.bytes);
        else {
          const raws = byNumber.get(raw.no);
          if (raws) raws.push(raw);
          else byNumber.set(raw.no, [raw]);
        }
      }
      const decoded: Record<string, unknown> = {};
      for (const [key, codec] of fields) {
        const value = codec.decode(byNumber.get(codec.no) ?? [], name);
        if (value !== undefined) decoded[key] = value;
      }
      if (unknown.length > 0) decoded['unknown'] = unknown;
      Object.defineProperty(decoded, SOURCE, { value: bytes, enumerable: false });
      return Object.freeze(decoded) as unknown as T;
    },
    encode(value) {
      const source = (value as { readonly [SOURCE]?: Uint8Array })[SOURCE];
      if (source !== undefined) return source;
      const writer = new BinaryWriter();
      for (const [key, codec] of fields) codec.encode(writer, (value as Record<string, unknown>)[key]);
      for (const bytes of value.unknown ?? []) writer.raw(bytes);
      return writer.finish();
    },
  };
}

/** Protobuf at the level of bytes, without any care for what is allowed. */

export const Wire = { varint: 0, bit64: 1, length: 2, group: 3, endGroup: 4, bit32: 5 } as const;

export const concat = (parts: readonly Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0) & 0xff);

/** @param value not negative. */
export function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Uint8Array.of(...bytes, Number(rest));
}

export const tag = (no: number, wire: number): Uint8Array => varint(no * 8 + wire);

/** @param length what the field announces; how long it is by default. */
export const blob = (no: number, content: Uint8Array, length: number | bigint = content.length): Uint8Array =>
  concat([tag(no, Wire.length), varint(length), content]);

/** Where a length is announced in a message. */
export interface Announced {
  /** Position of the length's varint and of the content behind it. */
  readonly at: number;
  readonly content: number;
  readonly length: number;
}

/**
 * The length-delimited fields of a message, down to `depth` levels, as far as what lies inside can be read as a message. Stops at what
 * it cannot read.
 */
export function announcedLengths(bytes: Uint8Array, depth: number, from = 0, to = bytes.length): Announced[] {
  const found: Announced[] = [];
  let at = from;
  while (at < to) {
    const [key, afterKey] = readVarint(bytes, at, to);
    if (key === undefined || key < 8) return found;
    const wire = key % 8;
    if (wire === Wire.varint) at = readVarint(bytes, afterKey, to)[1];
    else if (wire === Wire.bit64) at = afterKey + 8;
    else if (wire === Wire.bit32) at = afterKey + 4;
    else if (wire === Wire.length) {
      const [length, content] = readVarint(bytes, afterKey, to);
      if (length === undefined || content + length > to) return found;
      found.push({ at: afterKey, content, length });
      if (depth > 1) found.push(...announcedLengths(bytes, depth - 1, content, content + length));
      at = content + length;
    } else return found;
  }
  return found;
}

function readVarint(bytes: Uint8Array, from: number, to: number): [number | undefined, number] {
  let value = 0;
  for (let at = from, factor = 1; at < to && at < from + 6; at += 1, factor *= 128) {
    const byte = bytes[at] as number;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return [value, at + 1];
  }
  return [undefined, to];
}

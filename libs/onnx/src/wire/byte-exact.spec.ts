import { describe, expect, it } from 'vitest';
import { parseModel, serializeModel } from '../proto/model-file.js';

/** xorshift32: the same seed gives the same model everywhere. */
class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = (Math.imul(seed + 1, 0x9e3779b9) | 1) >>> 0;
  }

  /** A whole number from 0 to below `below`. */
  roll(below: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    this.state >>>= 0;
    return this.state % below;
  }

  many<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.roll(most + 1) }, make);
  }

  /** Any bytes, also those that are no UTF-8. */
  bytes(most = 12): number[] {
    return this.many(most, () => this.roll(256));
  }
}

/** A varint with up to three bytes more than it needs, as protobuf allows. */
function varint(value: bigint, more = 0): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  } while (rest > 0n);
  for (let i = 0; i < more && bytes.length < 10; i += 1) bytes.push(0x80);
  bytes.push((bytes.pop() ?? 0) & 0x7f);
  return bytes;
}

const VARINT = 0;
const BIT64 = 1;
const LENGTH = 2;
const BIT32 = 5;

/** Messages of protobuf at the level of bytes, with what a careful writer would not do: fields in any order, long varints, unknown fields. */
class Writer {
  private readonly dice: Dice;
  /** Unknown fields that were written. */
  unknown = 0;
  /** Varints that are longer than they need to be. */
  long = 0;

  constructor(dice: Dice) {
    this.dice = dice;
  }

  private more(): number {
    const more = this.dice.roll(4) === 0 ? 1 + this.dice.roll(3) : 0;
    if (more > 0) this.long += 1;
    return more;
  }

  private tag(no: number, wire: number): number[] {
    return varint(BigInt(no * 8 + wire), this.dice.roll(8) === 0 ? 1 : 0);
  }

  int(no: number, value: number | bigint): number[] {
    return [...this.tag(no, VARINT), ...varint(BigInt(value), this.more())];
  }

  blob(no: number, content: readonly number[]): number[] {
    return [...this.tag(no, LENGTH), ...varint(BigInt(content.length), this.more()), ...content];
  }

  /** A list in either of its forms. */
  ints(no: number, values: readonly number[]): number[] {
    if (this.dice.roll(2) === 0) return values.flatMap((value) => this.int(no, value));
    return this.blob(
      no,
      values.flatMap((value) => varint(BigInt(value), this.more())),
    );
  }

  /** The fields in any order, with fields between them that takt does not know. */
  message(fields: readonly number[][]): number[] {
    const all = [...fields, ...this.dice.many(2, () => this.stranger())];
    for (let i = all.length - 1; i > 0; i -= 1) {
      const j = this.dice.roll(i + 1);
      [all[i], all[j]] = [all[j] ?? [], all[i] ?? []];
    }
    return all.flat();
  }

  private stranger(): number[] {
    this.unknown += 1;
    const no = 1000 + this.dice.roll(50_000);
    switch (this.dice.roll(4)) {
      case 0:
        return this.int(no, this.dice.roll(2 ** 31));
      case 1:
        return this.blob(no, this.dice.bytes());
      case 2:
        return [...this.tag(no, BIT32), 1, 2, 3, 4];
      default:
        return [...this.tag(no, BIT64), 1, 2, 3, 4, 5, 6, 7, 8];
    }
  }
}

function model(seed: number): { readonly bytes: Uint8Array; readonly writer: Writer; readonly opset: number } {
  const dice = new Dice(seed);
  const writer = new Writer(dice);
  const text = (): number[] => dice.bytes();
  const tensor = (): number[] =>
    writer.message([
      writer.ints(1, [dice.roll(9), dice.roll(300)]),
      writer.int(2, 1 + dice.roll(16)),
      writer.blob(8, text()),
      writer.blob(9, text()),
    ]);
  const attribute = (): number[] =>
    writer.message([
      writer.blob(1, text()),
      writer.int(3, -BigInt(dice.roll(2 ** 30))),
      writer.blob(5, tensor()),
      writer.ints(8, [dice.roll(2 ** 20)]),
      writer.blob(6, text()),
    ]);
  const node = (): number[] =>
    writer.message([
      ...dice.many(3, () => writer.blob(1, text())),
      ...dice.many(2, () => writer.blob(2, text())),
      writer.blob(4, text()),
      ...dice.many(3, () => writer.blob(5, attribute())),
    ]);
  const value = (): number[] => writer.message([writer.blob(1, text()), writer.blob(2, writer.message([]))]);
  const graph = writer.message([
    ...dice.many(5, () => writer.blob(1, node())),
    ...dice.many(3, () => writer.blob(5, tensor())),
    ...dice.many(2, () => writer.blob(11, value())),
    ...dice.many(2, () => writer.blob(12, value())),
    writer.blob(10, text()),
  ]);
  const opset = 11 + (seed % 11);
  const rest = writer.message([
    writer.blob(7, graph),
    writer.blob(8, writer.message([writer.int(2, opset)])),
    ...dice.many(2, () => writer.blob(14, writer.message([writer.blob(1, text()), writer.blob(2, text())]))),
  ]);
  return { bytes: Uint8Array.from([0x08, 8, ...rest]), writer, opset };
}

describe('an untouched model', () => {
  it('comes back byte for byte: unknown fields, fields in any order, long varints, opsets 11 to 21', () => {
    const seen = { unknown: 0, long: 0, opsets: new Set<number | undefined>() };
    for (let seed = 0; seed < 1100; seed += 1) {
      const { bytes, writer, opset } = model(seed);
      const parsed = parseModel(bytes);
      expect(parsed.opsetImport[0]?.version, `seed ${String(seed)}`).toBe(opset);
      expect(Buffer.compare(serializeModel(parsed), bytes), `seed ${String(seed)}`).toBe(0);
      seen.unknown += writer.unknown;
      seen.long += writer.long;
      seen.opsets.add(opset);
    }
    expect(seen.opsets.size).toBe(11);
    expect(seen.unknown).toBeGreaterThan(10_000);
    expect(seen.long).toBeGreaterThan(10_000);
  });

  it('keeps the bytes of every part that was not changed', () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const { bytes } = model(seed);
      const parsed = parseModel(bytes);
      const changed = parseModel(serializeModel({ ...parsed, graph: { ...parsed.graph, name: 'other' } }));
      const parts = ({ graph, metadataProps }: typeof parsed): Uint8Array[] =>
        [...graph.node, ...graph.initializer, ...graph.input, ...graph.output, ...metadataProps].map((part) => bytesOf(part));
      expect(parts(changed).map(hex)).toEqual(parts(parsed).map(hex));
      expect(changed.graph.unknown?.map(hex)).toEqual(parsed.graph.unknown?.map(hex));
      expect(changed.unknown?.map(hex)).toEqual(parsed.unknown?.map(hex));
    }
  });
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The bytes that a message was read from, which it keeps under a symbol. */
const bytesOf = (part: object): Uint8Array => {
  const [source] = Object.getOwnPropertySymbols(part);
  return (part as Record<symbol, Uint8Array>)[source as symbol] as Uint8Array;
};

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelCodec } from '../proto/messages.js';
import type { ModelProto, NodeProto } from '../proto/messages.js';
import { makeNode } from '../proto/node.js';
import { floatTensor } from '../proto/tensor.js';

const text = fc.string({ maxLength: 12 });
const node: fc.Arbitrary<NodeProto> = fc
  .record({
    op: text,
    name: text,
    input: fc.array(text, { maxLength: 3 }),
    output: fc.array(text, { maxLength: 2 }),
    ints: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 3 }),
  })
  .map(({ op, name, input, output, ints }) => makeNode(op, name, input, output, { k: ints.length === 1 ? (ints[0] ?? 0n) : ints }));

const model: fc.Arbitrary<ModelProto> = fc
  .record({
    irVersion: fc.integer({ min: 1, max: 20 }),
    nodes: fc.array(node, { maxLength: 6 }),
    weights: fc.array(fc.float({ noNaN: true }), { maxLength: 9 }),
    key: text,
    extra: fc.uint8Array({ maxLength: 9 }),
  })
  .map(({ irVersion, nodes, weights, key, extra }) => ({
    irVersion,
    opsetImport: [{ domain: '', version: 13 }],
    metadataProps: [{ key, value: 'v' }],
    functions: [],
    graph: {
      node: nodes,
      initializer: [floatTensor('w', [weights.length], Float32Array.from(weights))],
      input: [],
      output: [],
      valueInfo: [],
    },
    unknown: [new BinaryWriter().tag(77, WireType.LengthDelimited).bytes(extra).finish()],
  }));

const copyDeep = <T>(value: T): T => {
  if (Array.isArray(value)) return value.map(copyDeep) as T;
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copyDeep(member as unknown)])) as T;
};

describe('message codec', () => {
  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(model, (written) => {
        expect(copyDeep(modelCodec.decode(modelCodec.encode(written)))).toEqual(copyDeep(written));
      }),
    );
  });

  it('writes an untouched message byte for byte, whatever the order of its fields', () => {
    const bytes = new BinaryWriter()
      .tag(99, WireType.Varint)
      .int32(5)
      .tag(14, WireType.LengthDelimited)
      .bytes(new Uint8Array())
      .tag(1, WireType.Varint)
      .int64(8)
      .tag(7, WireType.LengthDelimited)
      .bytes(new Uint8Array())
      .tag(1, WireType.Varint)
      .int64(9)
      .finish();
    expect([...modelCodec.encode(modelCodec.decode(bytes))]).toEqual([...bytes]);
    expect(modelCodec.decode(bytes).irVersion).toBe(9);
  });

  it('keeps unknown fields of a changed message and the bytes of its untouched parts', () => {
    fc.assert(
      fc.property(model, (written) => {
        const decoded = modelCodec.decode(modelCodec.encode(written));
        const changed = modelCodec.decode(modelCodec.encode({ ...decoded, producerName: 'other' }));
        expect(changed.producerName).toBe('other');
        expect(changed.unknown?.map((bytes) => [...bytes])).toEqual(written.unknown?.map((bytes) => [...bytes]));
        expect(copyDeep(changed.graph)).toEqual(copyDeep(decoded.graph));
      }),
    );
  });

  it('refuses to be changed in place', () => {
    const decoded = modelCodec.decode(new BinaryWriter().tag(1, WireType.Varint).int64(8).finish()) as { irVersion?: number };
    expect(() => {
      decoded.irVersion = 9;
    }).toThrow(TypeError);
  });

  it('reads packed and unpacked lists alike', () => {
    const dims = (writer: BinaryWriter): Uint8Array =>
      new BinaryWriter()
        .tag(7, WireType.LengthDelimited)
        .bytes(new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(writer.finish()).finish())
        .finish();
    const packed = dims(new BinaryWriter().tag(1, WireType.LengthDelimited).fork().int64(2).int64(3).join());
    const unpacked = dims(new BinaryWriter().tag(1, WireType.Varint).int64(2).tag(1, WireType.Varint).int64(3));
    for (const bytes of [packed, unpacked]) expect(modelCodec.decode(bytes).graph?.initializer[0]?.dims).toEqual([2, 3]);
  });
});

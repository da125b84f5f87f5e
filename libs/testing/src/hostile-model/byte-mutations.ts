import type { Dice } from './dice.js';
import { Wire, announcedLengths, ascii, blob, concat, tag, varint } from './wire.js';

/** Makes a hostile file of a good one, without any knowledge of what the bytes mean but protobuf. */
export type ByteMutation = (bytes: Uint8Array, dice: Dice) => Uint8Array;

/** Levels of messages that lengths are looked for in: model, graph, node, attribute, tensor. */
const DEPTH = 5;
const MODEL_GRAPH = 7;
const GRAPH_NODE = 1;
const NODE_ATTRIBUTE = 5;
const ATTRIBUTE_GRAPH = 6;

const splice = (bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array =>
  concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);

const noise = (length: number, dice: Dice): Uint8Array => Uint8Array.from({ length }, () => dice.roll(256));

const MAGIC = [
  '\x89PNG\r\n\x1a\n',
  'PK\x03\x04',
  '\xff\xd8\xff\xe0',
  '<!DOCTYPE html>',
  '\x7fELF',
  '\x1f\x8b\x08',
  '{"ir_version": 8}',
  '',
];

/** Lengths that overflow something somewhere. */
const LENGTHS = [0n, 1n, 127n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 70n];

export const BYTE_MUTATIONS = {
  truncated: (bytes, dice) => bytes.slice(0, dice.roll(bytes.length)),
  'bits flipped': (bytes, dice) => {
    const hostile = bytes.slice();
    for (let i = 1 + dice.roll(16); i > 0; i -= 1) {
      const at = dice.roll(bytes.length);
      hostile[at] = (hostile[at] as number) ^ (1 << dice.roll(8));
    }
    return hostile;
  },
  // The first bytes and the last hold what a model is made of; weights fill the middle.
  'bits flipped at the start or the end': (bytes, dice) => {
    const hostile = bytes.slice();
    const near = Math.min(400, bytes.length);
    for (let i = 1 + dice.roll(3); i > 0; i -= 1) {
      const at = dice.roll(2) === 0 ? dice.roll(near) : bytes.length - 1 - dice.roll(near);
      hostile[at] = (hostile[at] as number) ^ (1 << dice.roll(8));
    }
    return hostile;
  },
  'a run of bytes overwritten': (bytes, dice) => {
    const hostile = bytes.slice();
    const length = 1 + dice.roll(64);
    const at = dice.roll(bytes.length);
    return hostile.fill(dice.pick([0, 0xff, 0x80, dice.roll(256)]), at, at + length);
  },
  'bytes inserted': (bytes, dice) => splice(bytes, dice.roll(bytes.length), 0, noise(1 + dice.roll(64), dice)),
  'bytes removed': (bytes, dice) => splice(bytes, dice.roll(bytes.length), 1 + dice.roll(64), new Uint8Array()),
  'a piece doubled': (bytes, dice) => {
    const at = dice.roll(bytes.length);
    return splice(bytes, at, 0, bytes.slice(at, at + 1 + dice.roll(2000)));
  },
  'a hostile length': (bytes, dice) => {
    const { at, content } = dice.pick(announcedLengths(bytes, 1 + dice.roll(DEPTH)));
    return splice(bytes, at, content - at, varint(dice.pick(LENGTHS)));
  },
  'a length off by a few': (bytes, dice) => {
    const { at, content, length } = dice.pick(announcedLengths(bytes, 1 + dice.roll(DEPTH)));
    return splice(bytes, at, content - at, varint(Math.max(0, length + dice.roll(9) - 4)));
  },
  'a varint that does not end': (bytes, dice) => splice(bytes, dice.roll(bytes.length), 0, new Uint8Array(1 + dice.roll(40)).fill(0xff)),
  'another wire type': (bytes, dice) => {
    const hostile = bytes.slice();
    // The tag stands right before the length, in one byte for all fields below 16.
    const at = dice.pick(announcedLengths(bytes, 1 + dice.roll(DEPTH))).at - 1;
    hostile[at] = ((hostile[at] as number) & 0xf8) | dice.roll(8);
    return hostile;
  },
  'fields of number 0 and beyond the last': (bytes, dice) =>
    concat([
      bytes,
      dice.pick([Uint8Array.of(0, 0), Uint8Array.of(2, 1, 0), tag(2 ** 29, Wire.varint), tag(2 ** 32, Wire.length)]),
      varint(dice.roll(9)),
    ]),
  'the beginning of another format': (bytes, dice) => concat([ascii(dice.pick(MAGIC)), bytes.subarray(dice.roll(64))]),
  'noise alone': (_, dice) => noise(dice.roll(4000), dice),
  'a model and noise after it': (bytes, dice) => concat([bytes, noise(1 + dice.roll(100), dice)]),
  'two models in one file': (bytes) => concat([bytes, bytes]),
  'hundreds of thousands of empty fields': (bytes, dice) =>
    concat([bytes, ...Array.from({ length: 300_000 }, () => EMPTY_FIELD[dice.roll(EMPTY_FIELD.length)] as Uint8Array)]),
  'graphs nested in graphs': (_, dice) => {
    let graph = blob(GRAPH_NODE, blob(4, ascii('Relu')));
    for (let depth = 10 ** (1 + dice.roll(4)); depth > 0 && graph.length < 2 ** 18; depth -= 1) {
      graph = blob(GRAPH_NODE, concat([blob(4, ascii('If')), blob(NODE_ATTRIBUTE, blob(ATTRIBUTE_GRAPH, graph))]));
    }
    return concat([Uint8Array.of(0x08, 8), blob(8, Uint8Array.of(0x10, 13)), blob(MODEL_GRAPH, graph)]);
  },
  'groups nested in groups': (bytes, dice) => {
    const no = dice.pick([3, 7, 99]);
    const depth = 10 ** (1 + dice.roll(5));
    return concat([
      bytes,
      ...Array.from({ length: depth }, () => tag(no, Wire.group)),
      ...Array.from({ length: depth }, () => tag(no, Wire.endGroup)),
    ]);
  },
  'a list of millions of numbers': (bytes, dice) => {
    const field = dice.pick([1, 5, 7]);
    const tensor = concat([blob(field, new Uint8Array(2 ** 21)), Uint8Array.of(0x10, dice.pick([6, 7, 9])), blob(8, ascii('w'))]);
    return concat([bytes.subarray(0, 2), blob(MODEL_GRAPH, blob(5, tensor)), blob(8, Uint8Array.of(0x10, 13))]);
  },
} as const satisfies Readonly<Record<string, ByteMutation>>;

const EMPTY_FIELD = [blob(14, new Uint8Array()), blob(99, new Uint8Array()), Uint8Array.of(0x08, 8)];

import type { ByteMutation } from './byte-mutations.js';
import { announcedLengths } from './wire.js';

/** Sequences that are no UTF-8: a lone continuation, an overlong slash, half of a surrogate pair, a code point beyond the last. */
const BROKEN = [[0x80], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xff, 0xfe]];

/** Texts lie at most this deep: model, graph, node. */
const DEPTH = 3;
const LONGEST_NAME = 64;

/** Damage to names and other texts, where they lie. */
export const TEXT_MUTATIONS = {
  'texts that are no UTF-8': (bytes, dice) => {
    const hostile = bytes.slice();
    const texts = announcedLengths(bytes, DEPTH).filter(({ length }) => length > 4 && length < LONGEST_NAME);
    for (let i = 1 + dice.roll(20); i > 0 && texts.length > 0; i -= 1) {
      const { content, length } = dice.pick(texts);
      const broken = dice.pick(BROKEN);
      hostile.set(broken, content + dice.roll(length - broken.length + 1));
    }
    return hostile;
  },
  'a character of a text changed': (bytes, dice) => {
    const hostile = bytes.slice();
    const texts = announcedLengths(bytes, DEPTH).filter(({ length }) => length > 0 && length < LONGEST_NAME);
    if (texts.length === 0) return hostile;
    const { content, length } = dice.pick(texts);
    hostile[content + dice.roll(length)] = 0x20 + dice.roll(0x5f);
    return hostile;
  },
} as const satisfies Readonly<Record<string, ByteMutation>>;

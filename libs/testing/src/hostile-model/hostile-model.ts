import { BOMB_MUTATIONS } from './bomb-mutations.js';
import { BYTE_MUTATIONS } from './byte-mutations.js';
import type { ByteMutation } from './byte-mutations.js';
import { Dice } from './dice.js';
import { GRAPH_MUTATIONS } from './graph-mutations.js';
import { TEXT_MUTATIONS } from './text-mutations.js';

const MUTATIONS: readonly (readonly [string, ByteMutation])[] = Object.entries({
  ...BYTE_MUTATIONS,
  ...TEXT_MUTATIONS,
  ...GRAPH_MUTATIONS,
  ...BOMB_MUTATIONS,
});

/** What is done to a model, in words. */
export const HOSTILE_KINDS: readonly string[] = MUTATIONS.map(([kind]) => kind);

export interface HostileModel {
  readonly kind: string;
  readonly bytes: Uint8Array;
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, at) => byte === b[at]);

/** One file in so many is damaged a second time, so that checks meet what lies behind the first refusal of another. */
const AGAIN = 8;

/**
 * A hostile file made of a good model. Equal models and seeds give equal files; successive seeds go through all kinds in turn.
 *
 * @param given ONNX bytes of a valid model with nodes, initializers, an input and an output.
 */
export function hostileModel(given: Uint8Array, seed: number): HostileModel {
  // A Buffer's `slice` does not copy.
  const base = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  const dice = new Dice(seed);
  const [kind, mutate] = MUTATIONS[seed % MUTATIONS.length] as (typeof MUTATIONS)[number];
  const bytes = mutate(base, dice);
  // Some changes happen to change nothing.
  const again = dice.roll(AGAIN) === 0 || isEqual(bytes, base);
  if (!again || bytes.length === 0) return { kind, bytes };
  return { kind, bytes: BYTE_MUTATIONS['bits flipped at the start or the end'](bytes, dice) };
}

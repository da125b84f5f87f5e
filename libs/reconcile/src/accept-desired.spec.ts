import { describe, expect, it } from 'vitest';
import { acceptDesired, laterOf } from './accept-desired.js';

const at = (generation: number, digest = 'd', epoch = 'e'): { epoch: string; generation: number; digest: string } => ({
  epoch,
  generation,
  digest,
});

describe('acceptDesired', () => {
  it('accepts the first one and every newer one', () => {
    expect(acceptDesired(undefined, at(5), 'd')).toEqual({ kind: 'accept' });
    expect(acceptDesired(at(5), at(6, 'n'), 'n')).toEqual({ kind: 'accept' });
  });

  it('ignores the same one, and waits for a person on an older one', () => {
    expect(acceptDesired(at(5), at(5), 'd')).toEqual({ kind: 'ignore', reason: 'Same' });
    expect(acceptDesired(at(5), at(4, 'o'), 'o')).toMatchObject({ kind: 'conflict', reason: 'OlderGeneration' });
    expect(acceptDesired(at(5), at(4, 'o'), 'o', 'o')).toEqual({ kind: 'accept' });
  });

  it('waits for a person on the same generation with another content, or another database', () => {
    expect(acceptDesired(at(5), at(5, 'n'), 'n')).toMatchObject({ kind: 'conflict', reason: 'SameGenerationOtherContent' });
    expect(acceptDesired(at(5), at(9, 'n', 'other'), 'n')).toMatchObject({ kind: 'conflict', reason: 'EpochChanged' });
    expect(acceptDesired(at(5), at(3, 'n', 'other'), 'n')).toMatchObject({ kind: 'conflict', reason: 'EpochChanged' });
  });

  it('does not believe an announced digest', () => {
    expect(acceptDesired(undefined, at(1), 'x')).toMatchObject({ kind: 'conflict', reason: 'DigestMismatch' });
    expect(acceptDesired(at(5), at(6, 'n'), 'x', 'n')).toMatchObject({ kind: 'conflict', reason: 'DigestMismatch' });
  });

  it('takes a conflicting one that a person released', () => {
    expect(acceptDesired(at(5), at(3, 'n', 'other'), 'n', 'n')).toEqual({ kind: 'accept' });
  });
});

describe('laterOf', () => {
  const state = (epoch: string, generation: number): { epoch: string; generation: number; digest: string } => ({
    epoch,
    generation,
    digest: 'd',
  });

  it('keeps a newer one that waits, and takes whatever comes from another database', () => {
    expect(laterOf(undefined, state('a', 1)).generation).toBe(1);
    expect(laterOf(state('a', 5), state('a', 4)).generation).toBe(5);
    expect(laterOf(state('a', 5), state('a', 6)).generation).toBe(6);
    expect(laterOf(state('a', 5), state('b', 1))).toMatchObject({ epoch: 'b', generation: 1 });
  });
});

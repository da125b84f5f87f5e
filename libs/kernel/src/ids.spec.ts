import { describe, expect, it } from 'vitest';
import { isDigest } from './ids.js';

describe('isDigest', () => {
  it.each([
    ['sha256:' + 'a'.repeat(64), true],
    ['sha256:' + 'A'.repeat(64), false],
    ['sha256:' + 'a'.repeat(63), false],
    ['a'.repeat(64), false],
  ])('%s → %s', (value, expected) => {
    expect(isDigest(value)).toBe(expected);
  });
});

import { describe, expect, it } from 'vitest';
import { lastSeen } from './event-feed.js';

describe('Last-Event-ID', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['0', 0],
    ['42', 42],
    ['9007199254740991', 9_007_199_254_740_991],
  ])('%j: %j', (header, seq) => {
    expect(lastSeen(header)).toBe(seq);
  });

  it.each(['1e300', '99999999999999999999', '9007199254740993', '-1', '1.5', 'three', ['1', '2']])('%j is refused', (header) => {
    expect(() => lastSeen(header)).toThrow(expect.objectContaining({ code: 'RequestInvalid' }) as Error);
  });
});

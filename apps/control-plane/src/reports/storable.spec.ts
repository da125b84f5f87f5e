import { describe, expect, it } from 'vitest';
import { storableJson, storableText, storableTime } from './storable.js';

describe('what a node says', () => {
  it.each([
    ['a\0b', 'a\ufffdb'],
    ['\ud800', '\ufffd'],
    ['x\udc00y', 'x\ufffdy'],
    ['\udc00\ud800', '\ufffd\ufffd'],
    ['a\u001b[2J\u009b\u202eb\r', 'a\\u{1b}[2J\\u{9b}\\u{202e}b\\u{d}'],
    ['a\n\tb', 'a\n\tb'],
    ['\u{1f600} ok', '\u{1f600} ok'],
  ])('%j is stored as %j', (text, stored) => {
    expect(storableText(text)).toBe(stored);
    expect(storableJson({ [text]: [text, 1, null, true] })).toEqual({ [stored]: [stored, 1, null, true] });
  });

  it('is dropped where it is nested without end', () => {
    const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
    expect(storableJson(nested(60))).toEqual(nested(60));
    expect(storableJson(nested(200_000))).toBeNull();
  });

  it('loses its end where it is longer than any text has to be', () => {
    expect(storableText('x'.repeat(16_384))).toHaveLength(16_384);
    expect(storableJson(['\u{1f600}'.repeat(100_000)])).toEqual([`${'\u{1f600}'.repeat(8_192)}…`]);
    expect(storableText(`x${'\u{1f600}'.repeat(10_000)}`)).toBe(`x${'\u{1f600}'.repeat(8_191)}\ufffd…`);
  });

  it('has a time that the database takes', () => {
    const now = new Date('2026-01-01T00:00:00.000Z');
    expect(storableTime('2025-01-01T00:00:00Z', now)).toBe('2025-01-01T00:00:00.000Z');
    expect(storableTime(`2025-01-01T00:00:00.${'1'.repeat(200)}Z`, now)).toBe('2025-01-01T00:00:00.111Z');
    expect(storableTime('0000-01-01T00:00:00Z', now)).toBe(now.toISOString());
    expect(storableTime('rubbish', now)).toBe(now.toISOString());
  });
});

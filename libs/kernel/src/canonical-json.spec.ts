import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.js';

describe('canonicalJson', () => {
  it('sorts keys at every depth and leaves out undefined members', () => {
    expect(canonicalJson({ b: 1, a: { d: undefined, c: [2, { f: 'x', e: null }] } })).toBe('{"a":{"c":[2,{"e":null,"f":"x"}]},"b":1}');
  });

  it('gives equal bytes to documents that differ only in key order', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), (document) => {
        const reversed = Object.fromEntries(Object.entries(document).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(document));
        expect(JSON.parse(canonicalJson(document))).toEqual(JSON.parse(JSON.stringify(document)));
      }),
    );
  });

  it('refuses numbers that JSON cannot carry', () => {
    expect(() => canonicalJson({ a: Number.NaN })).toThrow('canonical JSON cannot carry NaN');
  });
});

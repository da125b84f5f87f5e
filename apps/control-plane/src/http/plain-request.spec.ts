import { describe, expect, it } from 'vitest';
import { requestFaults } from './plain-request.js';

const pathsOf = (url: string, body?: unknown): string[] => requestFaults(url, body).map(({ path }) => path);

describe('requestFaults', () => {
  it.each(['/api/v1/nodes', '/api/v1/models/strip%401.0%2F%CE%B2?limit=5&node=a%20b+c', '/x?=&&a', '/x?grant=a.b.c%3D'])(
    'finds none in %s',
    (url) => {
      expect(requestFaults(url, { name: 'Größe 🦀', reason: 'first\n\tsecond', nested: [{ deep: [null, 1, true] }] })).toEqual([]);
    },
  );

  it.each(['/x/%00', '/x/%1b%5B2J', '/x/%c2%9b', '/x/%e2%80%ae', '/x/%0a', '/x/%', '/x/%ff', '/x/%ed%a0%80', `/${'x'.repeat(9_000)}`])(
    'names the address in %s',
    (url) => {
      expect(pathsOf(url)).toEqual(['url']);
    },
  );

  it('names the fields of query and body, and their keys', () => {
    expect(pathsOf('/x?a=%00&b=1&c=%')).toEqual(['a', 'c']);
    expect(pathsOf('/x', { a: 'x\0', b: [{ c: '\u001b[2J' }], ok: 'y' })).toEqual(['a', 'b.0.c']);
    expect(pathsOf('/x', { 'k\0': 1, d: '\ud800' })).toEqual(['k\\u{0}', 'd']);
  });

  it('is short and quick whatever it is given', () => {
    expect(requestFaults('/x', Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [n, '\0'])))).toHaveLength(20);
    expect(pathsOf('/x', JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`))).toEqual(['']);
  });
});

import { describe, expect, it } from 'vitest';
import { isServerOf } from './leftovers.js';

describe('a PostgreSQL server that an earlier run left behind', () => {
  it.each([
    [['/opt/postgres/bin/postgres', '-D', '/d/data', '-p', '5432'], true],
    [['postgres', '-p', '5432', '-D', '/d/data'], true],
    [['/opt/postgres/bin/postgres', '-D', '/d/data2'], false],
    [['/opt/postgres/bin/postgres', '-D', '/d/data/inner'], false],
    [['/opt/postgres/bin/postgres', '-p', '/d/data'], false],
    [['pg_dump', '-D', '/d/data'], false],
    [['vim', '/d/data/postgresql.conf'], false],
    [[''], false],
  ])('%j: %s', (words, own) => {
    expect(isServerOf(words, '/d/data')).toBe(own);
  });
});

import { describe, expect, it } from 'vitest';
import { IsolatedWrites } from './isolated-writes.js';

class BadValue extends Error {}

/** A store that takes a call as a whole, or refuses it because of one entry. */
const store = (): {
  writes: IsolatedWrites<string>;
  write: (part: readonly string[]) => Promise<void>;
  taken: string[];
  calls: () => number;
} => {
  const taken: string[] = [];
  let calls = 0;
  const write = (part: readonly string[]): Promise<void> => {
    calls += 1;
    const bad = part.find((entry) => entry.endsWith('!'));
    if (part.includes('away')) return Promise.reject(new Error('connection lost'));
    if (bad !== undefined) return Promise.reject(new BadValue(bad));
    taken.push(...part);
    return Promise.resolve();
  };
  const writes = new IsolatedWrites<string>(
    (entry) => entry.replace('!', ''),
    (error) => error instanceof BadValue,
    3,
  );
  return { writes, write, taken, calls: () => calls };
};
const names = (count: number, bad: readonly number[] = []): string[] =>
  Array.from({ length: count }, (_, index) => `n${String(index)}${bad.includes(index) ? '!' : ''}`);

describe('IsolatedWrites', () => {
  it('writes everything in one call where nothing is refused', async () => {
    const { writes, write, taken, calls } = store();
    expect(await writes.write(names(1000), write)).toEqual([]);
    expect([taken.length, calls()]).toEqual([1000, 1]);
    expect(await writes.write([], write)).toEqual([]);
    expect(calls()).toBe(1);
  });

  it.each([[[0]], [[999]], [[3, 500]], [[0, 1, 2, 3]]])(
    'finds the entries %j that are refused and writes every other once',
    async (bad) => {
      const { writes, write, taken, calls } = store();
      const refused = await writes.write(names(1000, bad), write);
      expect(refused.map(({ entry, error }) => [entry, error instanceof BadValue])).toEqual(
        bad.map((index) => [`n${String(index)}!`, true]),
      );
      expect(taken).toEqual(names(1000).filter((_, index) => !bad.includes(index)));
      expect(calls()).toBeLessThan(bad.length * 2 * 11);
    },
  );

  it('refuses every entry where none is taken', async () => {
    const { writes, write, taken } = store();
    expect(await writes.write(names(3, [0, 1, 2]), write)).toHaveLength(3);
    expect(taken).toEqual([]);
  });

  it('writes an entry alone after one of the same key was refused, until one is taken', async () => {
    const { writes, write, taken, calls } = store();
    await writes.write(names(1000, [7]), write);
    for (const [entries, most] of [
      [names(1000, [7]), 2],
      [names(1000), 2],
      [names(1000), 1],
    ] as const) {
      const before = calls();
      await writes.write(entries, write);
      expect(calls() - before).toBe(most);
    }
    expect(taken.filter((name) => name === 'n7')).toHaveLength(2);
  });

  it('remembers a bounded number of keys', async () => {
    const { writes, write, calls } = store();
    await writes.write(names(5, [0, 1, 2, 3, 4]), write);
    const before = calls();
    await writes.write(names(5), write);
    expect(calls() - before).toBe(1 + 3);
  });

  it('ends with an error that is not about the values', async () => {
    const { writes, write } = store();
    await expect(writes.write(['a', 'away', 'b!'], write)).rejects.toThrow('connection lost');
    expect(await writes.write(['a', 'b!'], write)).toHaveLength(1);
  });
});

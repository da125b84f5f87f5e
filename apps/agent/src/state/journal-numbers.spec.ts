import { describe, expect, it } from 'vitest';
import { journalNumbers } from './journal-numbers.js';

const yes = (): Promise<boolean> => Promise.resolve(true);
const no = (): Promise<boolean> => Promise.resolve(false);
const FAR = 999_999_999_999_999;

describe('journalNumbers', () => {
  it('takes every number above the head as pending, also one without a file', async () => {
    expect(await journalNumbers([4, 6], 3, 6, no)).toEqual({ confirmed: 3, last: 6, strays: [] });
    expect(await journalNumbers([], 3, 3, no)).toEqual({ confirmed: 3, last: 3, strays: [] });
    expect(await journalNumbers([], undefined, undefined, no)).toEqual({ confirmed: 0, last: 0, strays: [] });
  });

  it('puts a lost head below the lowest file, or where the ledger stands', async () => {
    expect(await journalNumbers([5000, 5001, 5002], undefined, 5002, no)).toEqual({ confirmed: 4999, last: 5002, strays: [] });
    expect(await journalNumbers([], undefined, 5002, no)).toEqual({ confirmed: 5002, last: 5002, strays: [] });
  });

  it('sorts out a number that lies far beyond every known one, and takes none of the numbers before it as lost', async () => {
    expect(await journalNumbers([7, FAR], 6, 7, yes)).toEqual({ confirmed: 6, last: 7, strays: [FAR] });
    expect(await journalNumbers([FAR], undefined, 5000, yes)).toEqual({ confirmed: 5000, last: 5000, strays: [FAR] });
    expect(await journalNumbers([5000, FAR], undefined, undefined, yes)).toEqual({ confirmed: 4999, last: 5000, strays: [FAR] });
  });

  it('believes a far number where head and ledger are lost only by the report in its file', async () => {
    const numbers = [5000, 5001, FAR];
    expect(await journalNumbers(numbers, undefined, undefined, (seq) => Promise.resolve(seq === 5001))).toEqual({
      confirmed: 5000,
      last: 5001,
      strays: [5000, FAR],
    });
    expect(await journalNumbers([FAR], undefined, undefined, no)).toEqual({ confirmed: 0, last: 0, strays: [FAR] });
  });
});

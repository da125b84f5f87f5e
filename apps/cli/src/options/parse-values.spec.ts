import { describe, expect, it } from 'vitest';
import { HEALTH_FLAGS, healthOf } from './health-flags.js';
import { integerIn, numberIn, threadChoice, threadList, wordList } from './parse-values.js';

describe('values on the command line', () => {
  it('takes numbers in bounds', () => {
    expect(numberIn(0, 100)('0.4')).toBe(0.4);
    expect(integerIn(1, 10)('10')).toBe(10);
  });

  it.each(['', ' ', 'x', '-1', '101', 'NaN', 'Infinity', '1,2'])('refuses %j as a number from 0 to 100', (text) => {
    expect(() => numberIn(0, 100, 'points')(text)).toThrow('Give a number from 0 to 100 points.');
  });

  it('refuses a fraction where a whole number is asked for', () => {
    expect(() => integerIn(0, 10)('1.5')).toThrow('Give a whole number.');
  });

  it('takes thread lists and choices', () => {
    expect(threadList(1)('1, 2,4')).toEqual([1, 2, 4]);
    expect(threadList(0)('0')).toEqual([0]);
    expect(threadChoice('sweep')).toBe('sweep');
    expect(threadChoice('library-default')).toBe('library-default');
    expect(threadChoice('2')).toEqual([2]);
    expect(() => threadChoice('0')).toThrow('from 1 to 1024');
    expect(() => threadList(1)(',')).toThrow('Give thread counts');
  });

  it('takes words of a set', () => {
    expect(wordList(['fp32', 'int8'])('int8,fp32')).toEqual(['int8', 'fp32']);
    expect(() => wordList(['fp32', 'int8'])('fp64')).toThrow('Choose from fp32, int8.');
  });

  it('collects the health bounds that were named, and only those', () => {
    expect(healthOf({})).toEqual({});
    expect(healthOf({ windowFrames: 40, maxErrorRate: 0 })).toEqual({ windowFrames: 40, maxErrorRate: 0 });
    expect(new Set(HEALTH_FLAGS.map((flag) => flag.name)).size).toBe(7);
  });
});

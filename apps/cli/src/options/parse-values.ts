import { InvalidArgumentError } from 'commander';

/** A finite number in bounds. */
export const numberIn =
  (min: number, max: number, unit = '') =>
  (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(value) || value < min || value > max) {
      throw new InvalidArgumentError(`Give a number from ${String(min)} to ${String(max)}${unit === '' ? '' : ` ${unit}`}.`);
    }
    return value;
  };

export const integerIn =
  (min: number, max: number) =>
  (text: string): number => {
    const value = numberIn(min, max)(text);
    if (!Number.isInteger(value)) throw new InvalidArgumentError('Give a whole number.');
    return value;
  };

const words = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** `1,2,4`: thread counts; `min` 0 admits the engine's own choice. */
export const threadList =
  (min: 0 | 1) =>
  (text: string): number[] => {
    const counts = words(text).map(integerIn(min, 1024));
    if (counts.length === 0) throw new InvalidArgumentError('Give thread counts such as 1,2.');
    return counts;
  };

/** `sweep`, `library-default` or thread counts to try. */
export const threadChoice = (text: string): 'sweep' | 'library-default' | number[] =>
  text === 'sweep' || text === 'library-default' ? text : threadList(1)(text);

/** A list of words out of a fixed set. */
export const wordList =
  <T extends string>(allowed: readonly T[]) =>
  (text: string): T[] => {
    const chosen = words(text);
    const unknown = chosen.find((word) => !allowed.includes(word as T));
    if (chosen.length === 0 || unknown !== undefined) throw new InvalidArgumentError(`Choose from ${allowed.join(', ')}.`);
    return chosen as T[];
  };

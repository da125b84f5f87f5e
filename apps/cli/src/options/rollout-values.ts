import type { RolloutPolicyInput } from '@takt/contracts';
import { InvalidArgumentError } from 'commander';
import { integerIn, numberIn } from './parse-values.js';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };
const DURATION = /^(\d+(?:\.\d+)?)\s*(s|m|min|h|d)$/;

/** `90s`, `10m`, `1h30m`, `2h`: whole seconds, at least one. */
export function duration(text: string): number {
  const parts = text.trim().match(/\d+(?:\.\d+)?\s*[a-z]+/g) ?? [];
  const matched = parts.map((part) => DURATION.exec(part));
  const seconds = matched.reduce((sum, part) => sum + Number(part?.[1]) * (SECONDS[part?.[2] ?? ''] ?? Number.NaN), 0);
  const isWhole = parts.join('').replaceAll(/\s/g, '') === text.replaceAll(/\s/g, '');
  if (parts.length === 0 || !isWhole || !Number.isInteger(seconds) || seconds < 1) {
    throw new InvalidArgumentError('Give a time such as 90s, 10m, 1h30m or 2h.');
  }
  return seconds;
}

/** `10%` or `0.1`. */
export const fractionIn =
  (min: number, max: number) =>
  (text: string): number => {
    const percent = /^(.+)%$/.exec(text.trim())?.[1];
    if (percent === undefined) return numberIn(min, max)(text);
    return numberIn(min * 100, max * 100, '%')(percent) / 100;
  };

type Waves = NonNullable<RolloutPolicyInput['waves']>;

/** `1,25%,100%`: nodes of each hardware profile, or up to a share of them. */
export function waveSizes(text: string): Waves {
  const words = text.split(',').map((word) => word.trim());
  const sizes = words.map((word): Waves[number] => {
    const percent = /^(.+)%$/.exec(word)?.[1];
    if (percent === undefined) return { kind: 'nodes', perProfile: integerIn(1, 100_000)(word) };
    const upTo = numberIn(0, 100, '%')(percent);
    if (upTo === 0) throw new InvalidArgumentError('A wave of 0 % takes no node.');
    return { kind: 'percent', upTo };
  });
  const shares = sizes.flatMap((size) => (size.kind === 'percent' ? [size.upTo] : []));
  if (shares.some((upTo, index) => upTo <= (shares[index - 1] ?? 0))) {
    throw new InvalidArgumentError('Shares are cumulated over the waves, so each must be larger than the one before.');
  }
  return sizes;
}

/** A list in one word or by repeating the option: `--node a,b` is `--node a --node b`. */
export const moreWords = (text: string, before: readonly string[] = []): string[] => {
  const words = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (words.length === 0) throw new InvalidArgumentError('Give at least one name.');
  return [...before, ...words];
};

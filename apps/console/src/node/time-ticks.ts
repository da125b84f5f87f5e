const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY_MS = 24 * HOUR;

/** Distances that a clock has; after the last, multiples of it. */
const STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  DAY_MS,
];

export interface TimeTicks {
  readonly stepMs: number;
  /** Ms since the epoch, rising, all the same distance apart. */
  readonly ticks: readonly number[];
}

/**
 * Round times between two others, at most `most` of them: full minutes, quarters, hours or days of a clock that is
 * `offsetMinutes` ahead of UTC.
 */
export function timeTicks(from: number, to: number, most: number, offsetMinutes: number): TimeTicks {
  const offset = offsetMinutes * MINUTE;
  const [first, last] = [from + offset, to + offset];
  const fits = (step: number): boolean => Math.floor(last / step) - Math.ceil(first / step) + 1 <= most;
  let stepMs = STEPS.find(fits) ?? DAY_MS;
  while (!fits(stepMs)) stepMs += DAY_MS;
  const ticks: number[] = [];
  for (let at = Math.ceil(first / stepMs) * stepMs; at <= last; at += stepMs) ticks.push(at - offset);
  return { stepMs, ticks };
}

/** What a tick is written as: with seconds where they matter, and midnight as its date where the axis spans hours. */
export function tickStyle(at: number, stepMs: number, offsetMinutes: number): 'seconds' | 'minutes' | 'date' {
  if (stepMs < MINUTE) return 'seconds';
  return stepMs >= HOUR && (at + offsetMinutes * MINUTE) % DAY_MS === 0 ? 'date' : 'minutes';
}

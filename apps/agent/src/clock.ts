import type { Clock } from '@takt/kernel';

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

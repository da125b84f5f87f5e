import type { ReleaseView } from '@takt/contracts';
import { integerIn, numberIn } from './parse-values.js';

type HealthPolicy = ReleaseView['health'];
export type HealthOptions = { readonly [K in keyof HealthPolicy]?: HealthPolicy[K] };

interface HealthFlag {
  readonly name: keyof HealthPolicy;
  readonly flag: string;
  readonly description: string;
  readonly parse: (text: string) => number;
}

/** Bounds of the health check that a release may set; the server has the defaults. */
export const HEALTH_FLAGS: readonly HealthFlag[] = [
  {
    name: 'windowFrames',
    flag: '--window-frames <n>',
    description: 'frames each engine serves while they are compared',
    parse: integerIn(20, 100_000),
  },
  {
    name: 'maxWindowFrames',
    flag: '--max-window-frames <n>',
    description: 'frames to which that may grow while a breach is not certain',
    parse: integerIn(20, 400_000),
  },
  { name: 'soloFrames', flag: '--solo-frames <n>', description: 'frames the new engine then serves alone', parse: integerIn(0, 100_000) },
  {
    name: 'maxServiceTimeIncrease',
    flag: '--max-service-time-increase <fraction>',
    description: 'allowed increase of service-time p50 and p95, e.g. 0.1',
    parse: numberIn(0, 10),
  },
  {
    name: 'maxErrorRate',
    flag: '--max-error-rate <fraction>',
    description: 'allowed share of frames that end in an error',
    parse: numberIn(0, 1),
  },
  { name: 'maxAttempts', flag: '--max-attempts <n>', description: 'times the new engine may be started', parse: integerIn(1, 20) },
  {
    name: 'deadlineMs',
    flag: '--deadline-ms <ms>',
    description: 'time without a judged frame after which a check is given up',
    parse: integerIn(1000, 86_400_000),
  },
];

/** The bounds that were named. */
export function healthOf(options: HealthOptions): Partial<HealthPolicy> {
  return Object.fromEntries(HEALTH_FLAGS.flatMap(({ name }) => (options[name] === undefined ? [] : [[name, options[name]]])));
}

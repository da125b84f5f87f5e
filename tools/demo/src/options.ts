import { TaktError } from '@takt/kernel';

/** What `npm start` checked and decided before it started this process; see `libs/local-stack/setup/start-options.mjs`. */
export interface DemoOptions {
  /** End after the demo, with exit code 0 or 1. */
  readonly once: boolean;
  /** Wipe what an earlier run left. */
  readonly fresh: boolean;
  /** Start the services only. */
  readonly servicesOnly: boolean;
  readonly dataDir: string;
  /** Port of the API and the console; it was free a moment ago. */
  readonly port: number;
  /** Unix ms at which `npm start` began. */
  readonly startedAt: number;
}

/** @throws TaktError `UsageError` where this process was not started by `npm start` */
export function readOptions(given: string | undefined): DemoOptions {
  if (given !== undefined) return JSON.parse(given) as DemoOptions;
  throw new TaktError({ code: 'UsageError', message: 'the demo is started by npm start', action: 'npm start -- --help' });
}

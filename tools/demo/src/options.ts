import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { TaktError } from '@takt/kernel';

export interface DemoOptions {
  /** End after the demo, with exit code 0 or 1. */
  readonly once: boolean;
  /** Wipe what an earlier run left. */
  readonly fresh: boolean;
  /** Start the services only. */
  readonly servicesOnly: boolean;
  readonly dataDir: string;
  /** Preferred port of the HTTP API; another is taken when it is busy. */
  readonly port: number;
}

export const USAGE = `npm start -- [--once] [--fresh] [--no-demo] [--data DIR] [--port N]

  --once     run the demo, print the figures, stop everything, exit 0 or 1
  --fresh    forget what earlier runs left in the data folder
  --no-demo  start PostgreSQL, NATS and the control plane only
  --data     data folder (default .takt/data)
  --port     port of the HTTP API (default 4600; moved when busy)
`;

/**
 * @throws TaktError `UsageError` on an unknown flag or a port outside 1–65535.
 */
export function parseOptions(args: readonly string[], root: string): DemoOptions | 'help' {
  const usageError = (message: string): TaktError => new TaktError({ code: 'UsageError', message, action: 'see npm start -- --help' });
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean', default: false },
        fresh: { type: 'boolean', default: false },
        'no-demo': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        data: { type: 'string' },
        port: { type: 'string', default: '4600' },
      },
    }));
  } catch (thrown) {
    throw usageError(thrown instanceof Error ? thrown.message : String(thrown));
  }
  if (values.help) return 'help';
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw usageError(`--port ${values.port} is not a port number`);
  return {
    once: values.once,
    fresh: values.fresh,
    servicesOnly: values['no-demo'],
    dataDir: resolve(root, values.data ?? '.takt/data'),
    port,
  };
}

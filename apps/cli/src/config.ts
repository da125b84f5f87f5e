import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TaktError } from '@takt/kernel';
import { z } from 'zod';

/** Where `npm start` serves when nothing else has the port. */
export const DEFAULT_SERVER = 'http://127.0.0.1:7080';

const environmentSchema = z.object({
  TAKT_SERVER: z.url({ protocol: /^https?$/ }).optional(),
  TAKT_TOKEN: z.string().min(1).optional(),
  TAKT_DEBUG: z.string().optional(),
  TAKT_WORKER: z.string().min(1).optional(),
  XDG_CONFIG_HOME: z.string().optional(),
  NO_COLOR: z.string().optional(),
});

export interface CliConfig {
  /** Address given by the environment; the stored one counts where there is none. */
  readonly server: string | undefined;
  readonly token: string | undefined;
  /** Shows stack traces and the worker's log. */
  readonly debug: boolean;
  readonly colour: boolean;
  /** File that `takt login` writes, mode 0600. */
  readonly credentialsFile: string;
  /** Entry point of the worker that the stand-alone commands spawn. */
  readonly workerPath: string;
}

const set = (value: string | undefined): value is string => value !== undefined && value !== '';

/** Reads the settings from environment variables; problems are listed by key, never by value. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): CliConfig {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => set(value)));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    throw new TaktError({
      code: 'ConfigInvalid',
      message: `these environment variables are not usable: ${parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')}`,
      action: 'correct or unset them',
      component: 'cli',
    });
  }
  const values = parsed.data;
  return Object.freeze({
    server: values.TAKT_SERVER,
    token: values.TAKT_TOKEN,
    debug: set(values.TAKT_DEBUG) && values.TAKT_DEBUG !== '0',
    colour: !set(values.NO_COLOR),
    credentialsFile: join(values.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'takt', 'credentials.json'),
    workerPath: values.TAKT_WORKER ?? fileURLToPath(new URL('../../worker/bin/takt-worker.mjs', import.meta.url)),
  });
}

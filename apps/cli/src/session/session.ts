import type { ApiClient } from '@takt/api-client';
import { createApiClient } from '@takt/api-client';
import type { DurableFs } from '@takt/kernel';
import { TaktError } from '@takt/kernel';
import type { CliConfig } from '../config.js';
import { DEFAULT_SERVER } from '../config.js';
import type { Output } from '../output/output.js';
import { readCredentials } from './credentials.js';

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean | string;
  readonly server?: string;
}

/** What a command works with; built in main.ts. */
export interface Cli {
  readonly config: CliConfig;
  readonly output: Output;
  readonly fs: DurableFs;
  /** Wall clock in ms, for "3 min ago". */
  readonly now: () => number;
  /** Aborts on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** Sets the exit code of a command that ends without an error. */
  exitWith(code: number): void;
}

/** Address that counts: the flag, then the environment, then what login stored, then this machine. */
export async function serverOf(cli: Cli, options: CommonOptions): Promise<string> {
  const stored = await readCredentials(cli.fs, cli.config.credentialsFile);
  return options.server ?? cli.config.server ?? stored?.server ?? DEFAULT_SERVER;
}

const sameOrigin = (a: string, b: string): boolean => URL.canParse(a) && URL.canParse(b) && new URL(a).origin === new URL(b).origin;

/** A client with the token for its server. A stored token never goes to another server than the one that gave it. */
export async function connect(cli: Cli, options: CommonOptions): Promise<ApiClient> {
  const server = await serverOf(cli, options);
  const stored = await readCredentials(cli.fs, cli.config.credentialsFile);
  const token = cli.config.token ?? (stored !== undefined && sameOrigin(stored.server, server) ? stored.token : undefined);
  if (token === undefined) {
    throw new TaktError({
      code: 'NotLoggedIn',
      message: `there is no token for ${server}`,
      action: `log in with the code that the first start printed: takt login --code CODE --server ${server}`,
      component: 'cli',
      element: server,
    });
  }
  return createApiClient({ baseUrl: server, token });
}

/** Prints a result: the document with `--json`, else the text made from it. */
export function show<T>(cli: Cli, options: CommonOptions, value: T, render: (value: T) => string): void {
  if (options.json === undefined || options.json === false) cli.output.line(render(value));
  else cli.output.json(value);
}

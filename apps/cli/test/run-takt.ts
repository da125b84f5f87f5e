import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDurableFs } from '@takt/durable-fs';
import { execa } from 'execa';
import { runTakt } from '../src/run-takt.js';

const BIN = fileURLToPath(new URL('../bin/takt.mjs', import.meta.url));

export interface Done {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}
type Environment = Record<string, string>;

const launch = (cwd: string, args: readonly string[], environment: Environment = {}) =>
  execa(process.execPath, [BIN, ...args], {
    reject: false,
    extendEnv: false,
    cwd,
    stdin: 'ignore',
    env: { HOME: cwd, TMPDIR: cwd, PATH: process.env['PATH'] ?? '', ...environment },
  });

/** A private home folder, and the two ways to run `takt` in it. */
export interface Home {
  readonly path: string;
  /** In this process, on streams that are no terminal: for commands whose every answer is looked at. */
  takt(args: readonly string[], environment?: Environment): Promise<Done>;
  /** As a process of its own that sees nothing of the test's environment but this home. */
  start(args: readonly string[], environment?: Environment): ReturnType<typeof launch>;
  /** The same, to its end. */
  spawn(args: readonly string[], environment?: Environment): Promise<Done>;
  remove(): Promise<void>;
}

export async function makeHome(): Promise<Home> {
  const path = await mkdtemp(join(tmpdir(), 'takt-cli-'));
  const start: Home['start'] = (args, environment) => launch(path, args, environment);
  return {
    path,
    start,
    spawn: async (args, environment) => {
      const { exitCode, stdout, stderr } = await start(args, environment);
      return { exitCode, stdout, stderr };
    },
    takt: async (args, environment = {}) => {
      const text = { stdout: '', stderr: '' };
      const exitCode = await runTakt({
        words: args,
        environment: { XDG_CONFIG_HOME: join(path, '.config'), ...environment },
        stdout: { write: (more) => (text.stdout += more) },
        stderr: { write: (more) => (text.stderr += more) },
        fs: createDurableFs(),
        now: () => Date.now(),
        signal: new AbortController().signal,
        version: '0.0.0',
      });
      return { exitCode, stdout: text.stdout.trimEnd(), stderr: text.stderr.trimEnd() };
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

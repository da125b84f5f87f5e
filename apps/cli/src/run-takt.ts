import type { DurableFs } from '@takt/kernel';
import { CommanderError } from 'commander';
import { readConfig } from './config.js';
import { ExitCode, reportError } from './output/report-error.js';
import { createOutput } from './output/terminal-output.js';
import type { Stream } from './output/terminal-output.js';
import { createProgram } from './program.js';

export interface TaktOptions {
  /** Words after `takt`. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly fs: DurableFs;
  readonly now: () => number;
  /** Aborts on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  readonly version: string;
}

/** Runs one command line to its end; answers the exit code and never throws. */
export async function runTakt(options: TaktOptions): Promise<number> {
  const { stdout, stderr, signal, fs, now } = options;
  let output = createOutput(stdout, stderr, false);
  let debug = false;
  try {
    const config = readConfig(options.environment);
    debug = config.debug;
    output = createOutput(stdout, stderr, config.colour);
    let exitCode: number = ExitCode.done;
    const exitWith = (code: number): void => {
      exitCode = code;
    };
    await createProgram({ config, output, fs, now, signal, exitWith }, options.version).parseAsync(options.words, { from: 'user' });
    return signal.aborted ? ExitCode.cancelled : exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? ExitCode.done : ExitCode.usage;
    if (signal.aborted) output.note('Cancelled.');
    return signal.aborted ? ExitCode.cancelled : reportError(thrown, output, debug);
  } finally {
    output.progress.clear();
  }
}

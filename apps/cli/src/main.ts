import { createRequire } from 'node:module';
import { createDurableFs } from '@takt/durable-fs';
import { CommanderError } from 'commander';
import { readConfig } from './config.js';
import { ExitCode, reportError } from './output/report-error.js';
import { createOutput } from './output/terminal-output.js';
import { createProgram } from './program.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/** Runs one command line; answers the exit code. */
async function run(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  let output = createOutput(process.stdout, process.stderr, false);
  let debug = false;
  const controller = new AbortController();
  /** Asked once, work is cancelled and cleaned up; asked again, the process just ends. */
  const cancel = (): void => {
    if (controller.signal.aborted) process.exit(ExitCode.cancelled);
    controller.abort();
  };
  process.on('SIGINT', cancel);
  process.on('SIGTERM', cancel);
  try {
    const config = readConfig(environment);
    debug = config.debug;
    output = createOutput(process.stdout, process.stderr, config.colour);
    let exitCode: number = ExitCode.done;
    const cli = {
      config,
      output,
      fs: createDurableFs(),
      now: () => Date.now(),
      signal: controller.signal,
      exitWith: (code: number) => {
        exitCode = code;
      },
    };
    await createProgram(cli, version).parseAsync(argv);
    return controller.signal.aborted ? ExitCode.cancelled : exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? ExitCode.done : ExitCode.usage;
    if (controller.signal.aborted) output.note('Cancelled.');
    return controller.signal.aborted ? ExitCode.cancelled : reportError(thrown, output, debug);
  } finally {
    output.progress.clear();
    process.off('SIGINT', cancel);
    process.off('SIGTERM', cancel);
  }
}

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(ExitCode.done);
  throw error;
});

process.exitCode = await run(process.argv, process.env);

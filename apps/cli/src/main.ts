import { createRequire } from 'node:module';
import { createDurableFs } from '@takt/durable-fs';
import { ExitCode } from './output/report-error.js';
import { runTakt } from './run-takt.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const controller = new AbortController();
/** Asked once, work is cancelled and cleaned up; asked again, the process just ends. */
const cancel = (): void => {
  if (controller.signal.aborted) process.exit(ExitCode.cancelled);
  controller.abort();
};
process.on('SIGINT', cancel);
process.on('SIGTERM', cancel);

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(ExitCode.done);
  throw error;
});

process.exitCode = await runTakt({
  words: process.argv.slice(2),
  environment: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  fs: createDurableFs(),
  now: () => Date.now(),
  signal: controller.signal,
  version,
});
process.off('SIGINT', cancel);
process.off('SIGTERM', cancel);

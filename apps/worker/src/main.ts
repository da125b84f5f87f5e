import { createDurableFs } from '@takt/durable-fs';
import { configureImageLibrary } from '@takt/image-io';
import { LogField, TaktError } from '@takt/kernel';
import { createLogger } from '@takt/observability';
import { readCommandLine } from './command-line.js';
import { readConfig } from './config.js';
import type { JobContext } from './job-context.js';
import { systemClock } from './process/monotonic-clock.js';
import { watchForCancellation } from './process/cancellation.js';
import { createProgressReporter, writeMessage } from './protocol/output.js';
import type { WriteLine } from './protocol/output.js';
import { readJob } from './protocol/read-job.js';
import { runJob } from './run-job.js';

const ExitCode = { result: 0, error: 1, cancelled: 130 } as const;

/** How long a cancelled job may take to clean up before the process ends anyway. */
const GRACE_MS = 5_000;

const write: WriteLine = (text) =>
  new Promise((resolve) => {
    process.stdout.write(text, () => {
      resolve();
    });
  });

async function run(): Promise<number> {
  const cancellation = watchForCancellation();
  cancellation.signal.addEventListener('abort', () => {
    setTimeout(() => process.exit(ExitCode.cancelled), GRACE_MS).unref();
  });
  try {
    const logger = createLogger({ name: 'worker', level: readConfig(process.env).logLevel });
    configureImageLibrary();
    const job = await readJob(readCommandLine(process.argv.slice(2)).job);
    const context: JobContext = {
      signal: cancellation.signal,
      clock: systemClock,
      fs: createDurableFs(),
      logger: logger.child({ [LogField.phase]: job.kind }),
      progress: createProgressReporter(write, systemClock),
    };
    const result = await runJob(job, context);
    cancellation.signal.throwIfAborted();
    await writeMessage(write, { type: 'result', result });
    return ExitCode.result;
  } catch (thrown) {
    if (cancellation.signal.aborted) return ExitCode.cancelled;
    const fallback = { code: 'WorkerFailed', action: 'run it again with TAKT_LOG_LEVEL=debug and report it', component: 'worker' };
    const error = TaktError.from(thrown, fallback);
    createLogger({ name: 'worker' }).debug('job failed', { [LogField.error]: thrown });
    await writeMessage(write, { type: 'error', error: error.toData() });
    return ExitCode.error;
  } finally {
    cancellation.stop();
  }
}

process.exit(await run());

import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { createDurableFs, sweepTemporaryFiles } from '@takt/durable-fs';
import { LogField, TaktError } from '@takt/kernel';
import { createLogger } from '@takt/observability';
import { parseConfig } from './config.js';
import { endProcess } from './end-process.js';
import { linePaths } from './line-paths.js';
import { startRuntime } from './runtime.js';

/** After SIGTERM, until an engine that does not end is killed. */
const END_TIMEOUT_MS = 3_000;
/** After SIGTERM, until the process ends whatever has not; systemd waits 15 s. */
const STOP_DEADLINE_MS = 12_000;

const fail = (thrown: unknown): never => {
  const error = TaktError.from(thrown, { code: 'RuntimeFailed', action: 'see the cause in the log', component: 'runtime' });
  createLogger({ name: 'runtime' }).error('runtime cannot start', { [LogField.error]: error });
  process.exit(error.code === 'UsageWrong' ? 2 : 1);
};

async function main(): Promise<void> {
  const [command, ...args] = process.argv.slice(2);
  if (command !== 'run')
    throw new TaktError({
      code: 'UsageWrong',
      message: `unknown command "${command ?? ''}"`,
      action: 'use takt-runtime run --data DIR --line SLUG',
      component: 'runtime',
    });
  const config = parseConfig(args);
  const logger = createLogger({ name: `runtime@${config.slug}`, level: config.logLevel });
  await sweepTemporaryFiles(linePaths(config.dataDir, config.slug).folder);
  const runtime = await startRuntime({
    ...config,
    hostScript: fileURLToPath(new URL('./host/main.js', import.meta.url)),
    endTimeoutMs: END_TIMEOUT_MS,
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    logger,
    fs: createDurableFs(),
    onStuck: () => process.kill(process.pid, 'SIGTERM'),
  });
  logger.info('runtime started', { [LogField.pid]: process.pid });
  const stop = (): void => {
    setTimeout(() => {
      logger.error('runtime did not stop in time', { [LogField.pid]: process.pid });
      endProcess(1, 1);
    }, STOP_DEADLINE_MS).unref();
    runtime.stop().then(
      () => {
        endProcess(0, runtime.hangingReads());
      },
      (thrown: unknown) => {
        logger.error('runtime did not stop cleanly', { [LogField.error]: thrown });
        endProcess(1, runtime.hangingReads());
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch(fail);

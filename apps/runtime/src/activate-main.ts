import { mkdir } from 'node:fs/promises';
import { createDurableFs } from '@takt/durable-fs';
import { LogField, TaktError, printableJson } from '@takt/kernel';
import { createLogger } from '@takt/observability';
import { prepareStart } from './activation/prepare-start.js';
import { createLineStore } from './activation/store.js';
import { parseConfig } from './config.js';
import { isRuntimeRunning } from './control/control-server.js';
import { linePaths } from './line-paths.js';

/**
 * Runs before each start of a line's runtime: counts the attempt that an unclean end has cost the candidate, gives it up when
 * none is left, and prints the engine that the runtime will start with.
 */
async function main(): Promise<void> {
  const config = parseConfig(process.argv.slice(2));
  const paths = linePaths(config.dataDir, config.slug);
  const logger = createLogger({ name: 'activate' });
  const store = createLineStore(createDurableFs(), paths, logger, { now: () => Date.now() });
  await mkdir(paths.folder, { recursive: true });
  const { record: found } = await store.readRecord();
  const line = await store.readLine();
  const isRunning = await isRuntimeRunning(paths.socket);
  const record = isRunning ? found : prepareStart(found, new Date().toISOString(), line?.line.requiredFps ?? 0);
  if (record !== found)
    await store.writeRecord(record).catch((thrown: unknown) => {
      // A disk that cannot be written must not keep the line from starting; the runtime counts the attempt itself.
      logger.error('activation record cannot be written', { [LogField.error]: thrown });
    });
  const { committed, candidate } = record;
  const chosen = {
    engine: (committed ?? candidate?.activation)?.deploymentId ?? null,
    releaseName: (committed ?? candidate?.activation)?.releaseName ?? null,
    candidate: candidate === null ? null : { deploymentId: candidate.activation.deploymentId, attempts: candidate.attempts },
  };
  process.stdout.write(`${printableJson(JSON.stringify(chosen))}\n`);
}

main().catch((thrown: unknown) => {
  const error = TaktError.from(thrown, { code: 'ActivateFailed', action: 'see the cause in the log', component: 'takt-activate' });
  createLogger({ name: 'activate' }).error('engine cannot be chosen', { [LogField.error]: error });
  process.exit(error.code === 'UsageWrong' ? 2 : 1);
});

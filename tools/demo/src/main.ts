import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createDurableFs } from '@takt/durable-fs';
import { endLeftoverPostgres } from '@takt/local-stack';
import { DATA_MARK } from '@takt/local-stack/setup/start-options';
import { pushContent } from './content.js';
import { ensureTopology, startFleet } from './fleet.js';
import { endLeftovers } from './leftovers.js';
import { readOptions } from './options.js';
import type { DemoOptions } from './options.js';
import { createOutput, describeError } from './output.js';
import { consoleAddress, loginCode, startServices } from './services.js';
import type { Services } from './services.js';
import { readState, writeState } from './state.js';
import { tellStory } from './story.js';
import { summaryText } from './summary.js';
import { DEMO_NODES } from './topology.js';

const root = join(import.meta.dirname, '..', '..', '..');
const output = createOutput({
  write: (text) => process.stdout.write(text),
  interactive: process.stdout.isTTY,
  now: () => performance.now(),
});
const interrupted = new AbortController();
const interrupt = (reason: string): void => {
  // Asked twice, this process ends at once; its processes are ended by their watchdog.
  if (interrupted.signal.aborted && reason !== 'SIGTERM') process.exit(130);
  interrupted.abort(new Error(reason));
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt(signal));
// `npm start` itself was killed, or no one reads the output any more.
process.once('disconnect', () => interrupted.abort(new Error('npm start ended')));
process.stdout.on('error', () => interrupted.abort(new Error('no reader')));

const untilInterrupted = (): Promise<void> =>
  new Promise((resolve) => {
    if (interrupted.signal.aborted) resolve();
    interrupted.signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** What `npm start` made before this process began: its lock and the mark of the folder. */
const KEPT: readonly string[] = ['start.lock', DATA_MARK];

/** Everything else in the data folder, once a PostgreSQL that a killed run left there has ended. */
async function wipe(dataDir: string): Promise<void> {
  await endLeftoverPostgres(join(dataDir, 'postgres'));
  for (const name of await readdir(dataDir)) if (!KEPT.includes(name)) await rm(join(dataDir, name), { recursive: true, force: true });
}

async function printAddresses(services: Services): Promise<void> {
  output.line(`  Console   ${await consoleAddress(services)}`);
  output.line(`  log in    npx takt login --server ${services.serverUrl} --code ${await loginCode(services)}`);
  output.line(`  API       ${services.serverUrl}/api/docs`);
  output.line(`  logs      ${services.logDir}`);
}

async function runDemo(services: Services, options: DemoOptions): Promise<void> {
  const { signal } = interrupted;
  const { api, fs } = services;
  output.heading('Content and nodes');
  await output.step('sample detector and its sets pushed', (progress) => pushContent(api, options.dataDir, progress));
  await ensureTopology(api, DEMO_NODES);
  const nodes = await output.step('three nodes join and report their hardware', (progress) =>
    startFleet(services, DEMO_NODES, progress, signal),
  );
  const state = await readState(fs, options.dataDir);
  if (state?.shown === true) {
    output.line('  the demo was shown on this data already; npm start -- --fresh shows it again');
    return;
  }
  const rows = await tellStory({ api, output, nodes, signal });
  if (state !== undefined) await writeState(fs, options.dataDir, { ...state, shown: true });
  output.heading('Summary');
  output.line(summaryText(rows));
}

async function main(): Promise<number> {
  const options = readOptions(process.env['TAKT_START']);
  const fs = createDurableFs();
  const { signal } = interrupted;
  output.heading('Services');
  let services: Services | undefined;
  let code = 0;
  try {
    await endLeftovers(root, options.dataDir);
    if (options.fresh) await wipe(options.dataDir);
    services = await startServices({ root, node: process.execPath, options, fs, output, signal });
    process.send?.({ address: services.serverUrl });
    await printAddresses(services);
    if (!options.servicesOnly) await runDemo(services, options);
    if (!options.once) {
      output.heading('Running');
      await printAddresses(services);
      output.line('  Ctrl-C stops everything; the next start keeps its data.');
      await untilInterrupted();
    }
  } catch (thrown) {
    code = signal.aborted ? 130 : 1;
    if (!signal.aborted) process.stderr.write(`\n${describeError(thrown)}\n  logs: ${join(options.dataDir, 'logs')}\n`);
  } finally {
    if (services !== undefined) await output.step('everything stopped', () => services?.stop() ?? Promise.resolve());
  }
  if (code === 130) output.line('Interrupted, nothing is left running. The same command continues from here.');
  if (options.once) {
    const phases = output.phases().map(({ title, seconds }) => `${title.split(':')[0] ?? ''} ${seconds.toFixed(0)} s`);
    for (const phase of phases) output.line(`  ${phase.slice(0, 96)}`);
    output.line(`  ${((Date.now() - options.startedAt) / 1000).toFixed(0)} s in all, installation included`);
  }
  return code;
}

process.exitCode = await main();
process.disconnect?.();

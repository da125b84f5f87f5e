import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createDurableFs } from '@takt/durable-fs';
import { pushContent } from './content.js';
import { ensureTopology, startFleet } from './fleet.js';
import { parseOptions, USAGE } from './options.js';
import { createOutput, describeError } from './output.js';
import { printCli } from './print-cli.js';
import { consoleAddress, loginCode, startServices } from './services.js';
import type { Services } from './services.js';
import { readState, writeState } from './state.js';
import { tellStory } from './story.js';
import { DEMO_NODES } from './topology.js';

const root = join(import.meta.dirname, '..', '..', '..');
const startedAt = Number(process.env['TAKT_STARTED_AT'] ?? Date.now());
const output = createOutput({
  write: (text) => process.stdout.write(text),
  interactive: process.stdout.isTTY,
  now: () => performance.now(),
});
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort(new Error(signal)));

const untilInterrupted = (): Promise<void> =>
  new Promise((resolve) => {
    if (interrupted.signal.aborted) resolve();
    interrupted.signal.addEventListener('abort', () => resolve(), { once: true });
  });

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), root);
  if (options === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const fs = createDurableFs();
  const { signal } = interrupted;
  if (options.fresh) await rm(options.dataDir, { recursive: true, force: true });

  output.heading('Services');
  let services: Services | undefined;
  try {
    services = await startServices({ root, node: process.execPath, options, fs, output, signal });
    const state = await readState(fs, options.dataDir);
    if (!options.servicesOnly) {
      output.heading('Content and nodes');
      const { api } = services;
      if ((await api.call('listModels')).items.length === 0)
        await output.step('sample detector and its sets pushed', (progress) => pushContent(api, progress));
      await ensureTopology(api, DEMO_NODES);
      const running = services;
      const nodes = await output.step('three nodes join and tell what they are', (progress) =>
        startFleet(running, DEMO_NODES, progress, signal),
      );
      if (state?.shown !== true) {
        const end = await tellStory({ api, output, nodes, signal });
        if (state !== undefined) await writeState(fs, options.dataDir, { ...state, shown: true });
        if (options.once) await printCli(services, end, output);
      }
    }
    output.heading(options.once ? 'Done' : 'Running');
    output.line(`  API       ${services.serverUrl}/api/docs`);
    output.line(`  logs      ${services.logDir}`);
    if (options.once) return 0;
    output.line(`  log in    npx takt login --server ${services.serverUrl} --code ${await loginCode(services)}`);
    output.line(`  Console   ${await consoleAddress(services)}`);
    output.line('  Ctrl-C stops everything; the next start keeps its data.');
    await untilInterrupted();
    return 0;
  } catch (thrown) {
    if (signal.aborted) return 130;
    process.stderr.write(`\n${describeError(thrown)}\n  logs: ${join(options.dataDir, 'logs')}\n`);
    return 1;
  } finally {
    if (services !== undefined) await output.step('everything stopped', () => services?.stop() ?? Promise.resolve());
    if (options.once) {
      for (const { title, seconds } of output.phases()) output.line(`  ${seconds.toFixed(1).padStart(6)} s  ${title}`);
      output.line(`  ${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  in all, installation included`);
    }
  }
}

process.exitCode = await main();

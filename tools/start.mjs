/** `npm start`: checks its options, prepares the checkout, then hands over to the demo, which starts the services and the fleet. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from '../libs/local-stack/setup/file-lock.mjs';
import { guarded, nodePath, prepare, root, run, runEnvironment, waitingForLeftovers } from './setup/prepare.mjs';
import { SetupError } from '../libs/local-stack/setup/setup-error.mjs';
import { USAGE, choosePort, parseStartOptions, requireDataFolder } from '../libs/local-stack/setup/start-options.mjs';

/** Name of the lock in the data folder; the demo keeps it when it wipes the rest. */
const LOCK = 'start.lock';

const lockDataFolder = async (dataDir) => {
  const { lock, holder } = await takeLock(join(dataDir, LOCK), waitingForLeftovers);
  if (lock !== undefined) return lock;
  const at = holder.address === undefined ? '' : `, ${holder.address}`;
  throw new SetupError(
    `takt already runs on ${dataDir} (process ${String(holder.pid)}${at})`,
    `use that one, or stop it (Ctrl-C there, or kill ${String(holder.pid)}), or start a second one elsewhere: npm start -- --data OTHER`,
  );
};

/** The port of the last run on this data folder, where its bookmarks and `takt login` point to. */
const lastPort = (dataDir) => {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8')).ports.http;
  } catch {
    return undefined;
  }
};

await guarded(async () => {
  const startedAt = Date.now();
  const options = parseStartOptions(process.argv.slice(2), root, process.env.INIT_CWD);
  if (options === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  requireDataFolder(options.dataDir, root);
  const lock = await lockDataFolder(options.dataDir);
  try {
    await choosePort(options.port, undefined);
    process.stdout.write('takt · preparing this checkout\n');
    await prepare({ dev: false });
    const port = await choosePort(options.port, lastPort(options.dataDir));
    const { code } = await run(nodePath(), [join(root, 'tools', 'demo', 'dist', 'main.js'), '--data', options.dataDir], {
      env: { ...runEnvironment(), TAKT_START: JSON.stringify({ ...options, port, startedAt, tookOver: lock.tookOver }) },
      inherit: true,
      patient: true,
      onMessage: (facts) => lock.note(facts),
      lock,
    });
    return code;
  } finally {
    lock.release();
  }
});

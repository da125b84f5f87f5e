/** `npm start`: prepares the checkout, then hands over to the demo, which starts the services and the fleet. */
import { guarded, nodePath, prepare, root, run, runEnvironment } from './setup/prepare.mjs';
import { join } from 'node:path';

await guarded(async () => {
  const started = Date.now();
  process.stdout.write('takt · preparing this checkout\n');
  await prepare({ dev: false });
  const demo = join(root, 'tools', 'demo', 'dist', 'main.js');
  const { code } = await run(nodePath(), [demo, ...process.argv.slice(2)], {
    env: { ...runEnvironment(), TAKT_STARTED_AT: String(started) },
    inherit: true,
  });
  return code;
});

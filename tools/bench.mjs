/** `npm run bench:NAME`: prepares the checkout, then runs one benchmark, which ends with one JSON line. */
import { join } from 'node:path';
import { guarded, nodePath, prepare, root, run, runEnvironment } from './setup/prepare.mjs';

const [name = '', ...args] = process.argv.slice(2);
await guarded(async () => {
  await prepare({ dev: false });
  const { code } = await run(nodePath(), [join(root, 'bench', 'dist', `${name}-bench.js`), ...args], {
    env: runEnvironment(),
    inherit: true,
  });
  return code;
});

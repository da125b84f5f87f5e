/** `npm run build`: compiles the sources and bundles the console, both only where something changed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildInstalled, guarded, root } from './setup/prepare.mjs';
import { SetupError } from '../libs/local-stack/setup/setup-error.mjs';

await guarded(async () => {
  if (!existsSync(join(root, 'node_modules', 'typescript', 'bin', 'tsc')))
    throw new SetupError('the dependencies are not installed', 'npm ci, then npm run build again');
  await buildInstalled();
  return 0;
});

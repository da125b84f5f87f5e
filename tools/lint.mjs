/**
 * `npm run lint`: builds the project graph (without it the boundary rule only warns and skips), lints everything with
 * types, then proves with the canary that the rules still bite.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { cycleRule } from './workspace/cycle-rule.mjs';

const root = join(import.meta.dirname, '..');
process.chdir(root);
process.env.NX_DAEMON = 'false';
process.env.NX_NO_CLOUD = 'true';

const graph = spawnSync(process.execPath, ['node_modules/nx/dist/bin/nx.js', 'graph', '--file=.nx/graph.json'], { encoding: 'utf8' });
if (graph.status !== 0) {
  process.stderr.write(`nx could not build the project graph:\n${graph.stdout}${graph.stderr}`);
  process.exit(1);
}

const canariesOnly = process.argv.includes('--canary-only');
const canaryDir = 'tools/lint-canary';
const canaries = readdirSync(canaryDir)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(join(canaryDir, name), 'utf8') }))
  .flatMap(({ name, text }) => {
    const match = /project: (\S+) {2}rule: (\S+)/.exec(text);
    return match === null ? [] : [{ name, text, project: match[1], rule: match[2] }];
  });

let failures = 0;
const say = (ok, text) => {
  process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${text}\n`);
  if (!ok) failures += 1;
};

if (!canariesOnly) {
  const eslint = new ESLint();
  const results = await eslint.lintFiles(['libs', 'apps', 'bench', 'e2e', 'tools', 'vitest.config.ts']);
  process.stdout.write(await (await eslint.loadFormatter('stylish')).format(results));
  const problems = results.reduce((sum, result) => sum + result.errorCount + result.warningCount, 0);
  say(problems === 0, `eslint: ${results.length} files, ${problems} problems`);
}

/**
 * A canary's text is linted under the name of a real file of its project, so that nothing is written beside the sources. Only that
 * project's program is loaded; and the given text is read, not the file, which a typed parser does by itself only where CI is not set.
 */
const givenText = (project) => [
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { project: [`${project}/tsconfig.json`], disallowAutomaticSingleRunInference: true } },
  },
];

const lintCanary = ({ name, text, project, rule }) =>
  rule === 'import-x/no-cycle'
    ? new ESLint({ overrideConfigFile: true, overrideConfig: [cycleRule([])] }).lintFiles([join(canaryDir, name)])
    : new ESLint({ overrideConfig: givenText(project), ruleFilter: ({ ruleId }) => ruleId === rule }).lintText(text, {
        filePath: join(project, 'src', project.startsWith('apps/') ? 'main.ts' : 'index.ts'),
      });

// In a process of their own: the programs of the whole workspace and those of the canaries together are too much for one heap.
if (canariesOnly) {
  for (const canary of canaries) {
    const { name, rule } = canary;
    const rules = (await lintCanary(canary)).flatMap((result) =>
      result.messages.filter((message) => message.severity === 2).map((message) => message.ruleId),
    );
    say(
      rules.includes(rule),
      `canary ${name} is refused by ${rule}${rules.includes(rule) ? '' : ` (got: ${rules.join(', ') || 'nothing'})`}`,
    );
  }
} else {
  const { status } = spawnSync(process.execPath, [import.meta.filename, '--canary-only'], { stdio: 'inherit' });
  if (status !== 0) failures += 1;
}
process.exitCode = failures === 0 ? 0 : 1;

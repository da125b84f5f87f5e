/**
 * `npm test`: everything that decides green. Static checks are counted tests like the others. `--prove` runs the large
 * matrices whole instead of their seeded samples. Ends with `N passed, N failed, N skipped`.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { guarded, nodePath, prepare, root, run, runEnvironment } from './setup/prepare.mjs';

const prove = process.argv.includes('--prove');
const total = { passed: 0, failed: 0, skipped: 0 };
/** Names of what failed, told once more at the end: that is what is read first. */
const failures = [];
const bin = (name, file) => join(root, 'node_modules', name, file);

/** `say` takes what is to be shown; static checks keep it until the tests that run beside them are through. */
const count = (ok, title, detail = '', say = (text) => process.stdout.write(text)) => {
  total[ok ? 'passed' : 'failed'] += 1;
  if (!ok) failures.push(title);
  say(`  ${ok ? '✓' : '✗'} ${title}\n`);
  if (!ok && detail) say(`${detail.trim()}\n`);
};

/** Tests that wait for servers leave a core idle half of the time; checks take that half and give way to everything else. */
const inTheBackground = (args) => run('nice', ['-n', '15', nodePath(), ...args], { env: runEnvironment() });

const check = async (say, title, args) => {
  const { code, output } = await inTheBackground(args);
  count(code === 0, title, output, say);
};

const lint = async (say) => {
  const { code, output } = await inTheBackground(['--max-old-space-size=6144', 'tools/lint.mjs']);
  const verdicts = output.split('\n').filter((line) => /^(ok {2}|FAIL)/.test(line));
  for (const line of verdicts) count(line.startsWith('ok'), line.slice(5), '', say);
  if (code !== 0) say(output);
  if (code !== 0 && verdicts.every((line) => line.startsWith('ok'))) count(false, 'lint runs to its end', '', say);
};

/** The large matrix of hostile model files, shown as it goes; `npm test` runs a sample of it in the worker's integration tests. */
const hostileModels = async () => {
  process.stdout.write('takt · hostile model files\n');
  const { code } = await run(nodePath(), ['tools/prove-import.mjs'], { env: runEnvironment(), inherit: true });
  count(code === 0, '10,000 hostile model files end in a result or a typed error, within a time and a memory');
};

/** Runs them one after another; resolves with what there is to show. */
const staticChecks = async () => {
  const lines = ['takt · static checks\n'];
  const say = (text) => lines.push(text);
  await check(say, 'specs and tools type-check', [bin('typescript', 'bin/tsc'), '-p', 'tsconfig.specs.json']);
  await check(say, 'project references match package.json', ['tools/workspace/sync-references.mjs', '--check']);
  await check(say, 'formatting', [bin('prettier', 'bin/prettier.cjs'), '--check', '--log-level=warn', '.']);
  await check(say, 'repository rules (lockfile, hosts, paths in docs, generated files)', ['tools/workspace/check-repository.mjs']);
  await check(say, 'native parts fit CentOS 8 (glibc 2.28, libstdc++ 3.4.25)', ['tools/workspace/check-native-symbols.mjs']);
  await lint(say);
  return lines.join('');
};

/** Tests find nats-server on PATH; it is brought once, before several of them look for it at a time. */
const provideNats = async () => {
  const { installNatsServer } = await import('../libs/local-stack/dist/index.js');
  const say = (message) => process.stdout.write(`  ${message}\n`);
  const toolDir = join(root, '.takt', 'bin');
  const { path, version } = await installNatsServer({ toolDir, path: process.env.PATH ?? '', env: process.env, onProgress: say });
  process.env.PATH = [process.env.PATH, dirname(path)].join(delimiter);
  say(`✓ nats-server ${version}`);
};

const vitest = async (project) => {
  process.stdout.write(`takt · ${project} tests\n`);
  const report = join(root, '.takt', `vitest-${project}.json`);
  rmSync(report, { force: true });
  const args = [
    bin('vitest', 'vitest.mjs'),
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const { code } = await run(nodePath(), args, { env: { ...runEnvironment(), ...(prove ? { TAKT_PROVE: '1' } : {}) }, inherit: true });
  if (!existsSync(report)) return count(false, `vitest ${project} ran to its end (exit ${code})`);
  const result = JSON.parse(readFileSync(report, 'utf8'));
  total.passed += result.numPassedTests;
  total.failed += result.numFailedTests;
  total.skipped += result.numPendingTests + result.numTodoTests;
  for (const { name, assertionResults } of result.testResults) {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    for (const { fullName, failureMessages } of failed) {
      failures.push(`${relative(root, name)}: ${fullName}\n      ${(failureMessages[0] ?? '').split('\n')[0]}`);
    }
  }
  const broken = result.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  for (const file of broken) count(false, `${file.name} loads`, file.message);
  if (code !== 0 && result.numFailedTests === 0 && broken.length === 0) count(false, `vitest ${project} exits 0`);
};

await guarded(async () => {
  const started = performance.now();
  process.stdout.write('takt · preparing this checkout\n');
  await prepare({ dev: true });
  await provideNats();
  const prepared = performance.now();

  // Under --prove what is timed runs at once, so the checks come before it.
  const checks = staticChecks();
  checks.catch(() => undefined); // Told when they are awaited.
  if (prove) await checks;

  for (const project of prove ? [] : ['unit', 'integration']) await vitest(project);
  // They are through before anything is timed.
  process.stdout.write(await checks);
  if (prove) await hostileModels();
  for (const project of [...(prove ? [] : ['timed']), 'e2e', 'kill']) await vitest(project);

  const seconds = (from, to) => ((to - from) / 1000).toFixed(0);
  process.stdout.write(`\ninstallation and build ${seconds(started, prepared)} s, tests ${seconds(prepared, performance.now())} s\n`);
  for (const failure of failures) process.stdout.write(`  ✗ ${failure}\n`);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
});

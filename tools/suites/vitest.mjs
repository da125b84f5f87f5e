import { existsSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { nodePath, root, run, runEnvironment } from '../setup/prepare.mjs';

/** Tests find nats-server on PATH; it is installed once, before several of them look for it at a time. */
export const provideNats = async () => {
  const { installNatsServer } = await import('../../libs/local-stack/dist/index.js');
  const say = (message) => process.stdout.write(`  ${message}\n`);
  const toolDir = join(root, '.takt', 'bin');
  const { path, version } = await installNatsServer({ toolDir, path: process.env.PATH ?? '', env: process.env, onProgress: say });
  process.env.PATH = [process.env.PATH, dirname(path)].join(delimiter);
  say(`✓ nats-server ${version}`);
};

/**
 * Runs one project of vitest.config.ts and adds its results to the tally.
 *
 * @param {{ reporter?: string, env?: Record<string, string> }} options
 */
export const vitest = async (tally, project, { reporter = 'default', env = {} } = {}) => {
  process.stdout.write(`takt · ${project} tests\n`);
  const report = join(root, '.takt', `vitest-${project}.json`);
  rmSync(report, { force: true });
  const cli = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [cli, 'run', '--project', project, `--reporter=${reporter}`, '--reporter=json', `--outputFile.json=${report}`];
  // The processes that tests start, by the hundred, load the same modules: what V8 compiled of them is kept.
  const compiled = { NODE_COMPILE_CACHE: join(root, '.takt', 'compiled') };
  const { code } = await run(nodePath(), args, { env: { ...runEnvironment(), ...compiled, ...env }, inherit: true });
  if (!existsSync(report)) return tally.check(false, `vitest ${project} ran to its end (exit ${code})`);
  const result = JSON.parse(readFileSync(report, 'utf8'));
  tally.add({ passed: result.numPassedTests, failed: result.numFailedTests, skipped: result.numPendingTests + result.numTodoTests });
  for (const { name, assertionResults } of result.testResults) {
    for (const { fullName, failureMessages } of assertionResults.filter(({ status }) => status === 'failed')) {
      tally.failures.push(`${relative(root, name)}: ${fullName}\n      ${(failureMessages[0] ?? '').split('\n')[0]}`);
    }
  }
  const broken = result.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  for (const file of broken) tally.check(false, `${file.name} loads`, file.message);
  if (code !== 0 && result.numFailedTests === 0 && broken.length === 0) tally.check(false, `vitest ${project} exits 0`);
};

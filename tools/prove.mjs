/**
 * `npm run prove`: all that `npm test` runs, with the large matrices whole instead of their samples. What has passed on the
 * same sources is not run again, so an interrupted run goes on where it ended; `--fresh` starts from nothing.
 */
import { guarded, nodePath, prepare, root, run, runEnvironment } from './setup/prepare.mjs';
import { SetupError } from '../libs/local-stack/setup/setup-error.mjs';
import { ProveState } from './suites/prove-state.mjs';
import { staticChecks } from './suites/static-checks.mjs';
import { Tally } from './suites/tally.mjs';
import { provideNats, vitest } from './suites/vitest.mjs';

const PROGRESS_MS = 60_000;
const minutes = (ms) => `${(ms / 60_000).toFixed(0)} min`;
const sum = (items) => items.reduce((total, item) => total + item, 0);

/** Says each minute how many cases of the matrices have passed, and how long the rest may take. Returns the way to stop. */
const showProgress = (state) => {
  const since = performance.now();
  const passedBefore = sum(state.matrices().map(({ passed }) => passed));
  const timer = setInterval(() => {
    const matrices = state.matrices();
    const [passed, cases] = [sum(matrices.map((each) => each.passed)), sum(matrices.map((each) => each.cases))];
    const elapsed = performance.now() - since;
    const inThisRun = passed - passedBefore;
    const left = inThisRun > 0 ? `, about ${minutes((elapsed / inThisRun) * (cases - passed))} left` : '';
    const parts = matrices.map((each) => `    ${each.passed} of ${each.cases}  ${each.name}\n`).join('');
    process.stdout.write(`takt · ${passed} of ${cases} cases passed, ${minutes(elapsed)} so far${left}\n${parts}`);
  }, PROGRESS_MS);
  return () => clearInterval(timer);
};

const hostileModels = async (tally) => {
  process.stdout.write('takt · hostile model files\n');
  const { code } = await run(nodePath(), ['tools/prove-import.mjs'], { env: runEnvironment(), inherit: true });
  tally.check(code === 0, '10,000 hostile model files end in a result or a typed error, within a time and a memory');
};

const endToEnd = async (tally, state) => {
  const passedBefore = sum(state.matrices().map(({ passed }) => passed));
  if (passedBefore > 0) process.stdout.write(`  ${passedBefore} cases have passed on these sources and are not run again\n`);
  const stop = showProgress(state);
  try {
    await vitest(tally, 'e2e', { reporter: 'verbose', env: { TAKT_PROVE: '1', TAKT_PROVE_LEDGER: state.ledgerFile } });
    tally.add({ passed: passedBefore });
    const missing = state.matrices().filter(({ passed, cases }) => passed < cases);
    const names = missing.map(({ name, passed, cases }) => `${name} (${cases - passed} missing)`).join(', ');
    tally.check(missing.length === 0, missing.length === 0 ? 'every case of every matrix has passed' : `cases have not passed: ${names}`);
  } finally {
    stop();
  }
};

/** Chooses single cases: what passes then is not the whole matrix. */
const refuseChosenCases = () => {
  if ((process.env.TAKT_KILL_CASE ?? '') === '') return;
  throw new SetupError(
    `TAKT_KILL_CASE chooses single cases (${process.env.TAKT_KILL_CASE}), and npm run prove runs all of them`,
    'unset it, or run these cases alone: TAKT_PROVE=1 npx vitest run --project e2e e2e/kill',
  );
};

await guarded(async () => {
  refuseChosenCases();
  const state = new ProveState({ root, fresh: process.argv.includes('--fresh') });
  const tally = new Tally();
  await tally.timed('install and build', async () => {
    process.stdout.write('takt · preparing this checkout\n');
    await prepare({ dev: true });
    await provideNats();
  });
  const whole = { env: { TAKT_PROVE: '1' } };
  const suites = [
    ['static checks', async () => process.stdout.write(await staticChecks(tally))],
    ['unit', () => vitest(tally, 'unit', whole)],
    ['integration', () => vitest(tally, 'integration', whole)],
    ['timed', () => vitest(tally, 'timed', whole)],
    ['hostile models', () => hostileModels(tally)],
    ['e2e', () => endToEnd(tally, state)],
  ];
  for (const [index, [name, runSuite]] of suites.entries()) {
    const known = state.passed(name);
    process.stdout.write(
      `takt · part ${index + 1} of ${suites.length}: ${name}${known === undefined ? '' : `, passed before (${known.seconds} s)`}\n`,
    );
    if (known !== undefined) {
      tally.add(known);
      tally.suites.push({ name, seconds: known.seconds });
      continue;
    }
    const counts = await tally.timed(name, runSuite);
    if (counts.failed === 0) state.keep(name, counts);
  }
  process.stdout.write(tally.summary());
  return tally.exitCode;
});

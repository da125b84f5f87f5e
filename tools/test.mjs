/**
 * `npm test`: everything that decides green, static checks included as tests like the others. Of the large matrices it runs
 * seeded samples; `npm run prove` runs them whole. Ends with `N passed, N failed, N skipped`.
 */
import { guarded, prepare } from './setup/prepare.mjs';
import { staticChecks } from './suites/static-checks.mjs';
import { Tally } from './suites/tally.mjs';
import { provideNats, vitest } from './suites/vitest.mjs';

await guarded(async () => {
  const tally = new Tally();
  await tally.timed('install and build', async () => {
    process.stdout.write('takt · preparing this checkout\n');
    await prepare({ dev: true });
    await provideNats();
  });

  // Tests that wait for servers leave a core idle for part of the time; the checks use it.
  const checks = staticChecks(tally);
  checks.catch(() => undefined); // Thrown again where they are awaited.
  await tally.timed('unit', () => vitest(tally, 'unit'));
  await tally.timed('integration', () => vitest(tally, 'integration'));
  await tally.timed('end of static checks', async () => process.stdout.write(await checks));
  // Service times are compared here: nothing of ours runs beside them.
  await tally.timed('timed', () => vitest(tally, 'timed'));
  await tally.timed('e2e', () => vitest(tally, 'e2e'));

  process.stdout.write(tally.summary());
  return tally.exitCode;
});

import { defineConfig } from 'vitest/config';

/** Specs in which service times are compared: no more of them at a time than there are cores, and no checks beside them. */
const TIMED = ['apps/runtime/test/**/*.int-spec.ts'];

/** The large matrices, whole: `npm run prove`. */
const PROVE = process.env['TAKT_PROVE'] === '1';

/** Limits of tests only detect what hangs: far more than ten times what any of them takes on a quiet host. */
const HANGS_MS = 900_000;

/**
 * One configuration for all projects. `@takt/*` resolves to sources through the `@takt/source` condition, so a unit test
 * never runs against a stale build; processes that tests spawn run from `dist/`, which `npm test` builds first.
 */
export default defineConfig({
  resolve: { conditions: ['@takt/source', 'node'] },
  ssr: { resolve: { conditions: ['@takt/source', 'node'] } },
  test: {
    // Specs run in processes of their own.
    setupFiles: ['./tools/suites/end-with-runner.mjs'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // They hold no state in modules, so that a worker loads each module once for all of its files.
          isolate: false,
          sequence: { groupOrder: 0 },
          include: ['libs/*/src/**/*.spec.ts', 'apps/*/src/**/*.spec.ts', 'tools/demo/src/**/*.spec.ts', 'bench/src/**/*.spec.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          sequence: { groupOrder: 1 },
          include: ['libs/*/test/**/*.int-spec.ts', 'apps/*/test/**/*.int-spec.ts'],
          exclude: TIMED,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          pool: 'forks',
          isolate: false,
          maxWorkers: 3,
          // Tests of one file that start processes of their own, where the file lets them run beside each other.
          maxConcurrency: 3,
        },
      },
      {
        extends: true,
        test: {
          name: 'timed',
          sequence: { groupOrder: 2 },
          include: TIMED,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          pool: 'forks',
          maxWorkers: 2,
        },
      },
      // Real processes, a stack of their own in each file: they wait for most of their time, so that three share two cores. The
      // question is how something ends, not how fast it is.
      {
        extends: true,
        test: {
          name: 'e2e',
          sequence: { groupOrder: 3 },
          include: ['e2e/**/*.e2e-spec.ts', ...(PROVE ? ['e2e/**/*.prove-spec.ts'] : [])],
          testTimeout: HANGS_MS,
          hookTimeout: HANGS_MS,
          pool: 'forks',
          maxWorkers: 3,
        },
      },
    ],
  },
});

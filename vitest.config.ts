import { defineConfig } from 'vitest/config';

/** Specs in which service times are compared: no more of them at a time than there are cores, and no checks beside them. */
const TIMED = ['apps/runtime/test/**/*.int-spec.ts'];

/**
 * One configuration for all projects. `@takt/*` resolves to sources through the `@takt/source` condition, so a unit test
 * never runs against a stale build; processes that tests spawn run from `dist/`, which `npm test` builds first.
 */
export default defineConfig({
  resolve: { conditions: ['@takt/source', 'node'] },
  ssr: { resolve: { conditions: ['@takt/source', 'node'] } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: ['libs/*/src/**/*.spec.ts', 'apps/*/src/**/*.spec.ts', 'tools/demo/src/**/*.spec.ts', 'bench/src/**/*.spec.ts'],
          testTimeout: 20_000,
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
          maxWorkers: 3,
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
      {
        extends: true,
        test: {
          name: 'e2e',
          sequence: { groupOrder: 3 },
          include: ['e2e/**/*.e2e-spec.ts'],
          exclude: ['e2e/kill/**', 'e2e/rollout/**'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          pool: 'forks',
          maxWorkers: 2,
        },
      },
      // Each file has a stack of its own and asks how something ends, not how fast it is: three of them share the two cores, and wait for most of their time.
      {
        extends: true,
        test: {
          name: 'kill',
          sequence: { groupOrder: 4 },
          include: ['e2e/kill/**/*.e2e-spec.ts', 'e2e/rollout/**/*.e2e-spec.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          pool: 'forks',
          maxWorkers: 3,
        },
      },
    ],
  },
});

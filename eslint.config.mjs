import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';
import { cycleRule } from './tools/workspace/cycle-rule.mjs';
import { depConstraints } from './tools/workspace/dep-constraints.mjs';

const DOMAIN = ['kernel', 'onnx', 'evaluation', 'quantization', 'hardware', 'engines', 'gates', 'rollout', 'reconcile'];
const ISOMORPHIC = ['libs/contracts/src/**/*.ts', 'libs/api-client/src/**/*.ts', 'apps/console/src/**/*.ts', 'apps/console/src/**/*.tsx'];
const SPECS = ['**/*.spec.ts', '**/*.int-spec.ts', '**/*.e2e-spec.ts', '**/*.test-d.ts', '**/test/**/*.ts', 'e2e/**/*.ts'];
/** All sources and specs as one program: each type is worked out once. */
const PROJECTS = ['tsconfig.workspace.json'];

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/dist-types/**',
      '**/node_modules/**',
      '.nx/**',
      '.takt/**',
      'tools/lint-canary/**',
      'tools/sample-model/**',
      'libs/sample-model/assets/**',
    ],
  },
  cycleRule(PROJECTS),
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.base],
    plugins: { '@nx': nx },
    languageOptions: {
      parserOptions: {
        project: PROJECTS,
        tsconfigRootDir: import.meta.dirname,
        emitDecoratorMetadata: false,
        experimentalDecorators: true,
      },
    },
    rules: {
      '@nx/enforce-module-boundaries': ['error', { enforceBuildableLibDependency: false, allow: [], depConstraints }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      'no-console': 'error',
      eqeqeq: 'error',
      'max-lines': ['error', { max: 600 }],
      'max-params': ['error', 7],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: "Configuration is read once in an app's config.ts." },
      ],
    },
  },
  {
    files: DOMAIN.map((name) => `libs/${name}/src/**/*.ts`),
    ignores: SPECS,
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ group: ['node:*'], message: 'Domain libraries are pure: take a port.' }] }],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Domain libraries get time as an argument or a Clock.' },
        { object: 'Math', property: 'random', message: 'Domain libraries get a seed.' },
      ],
    },
  },
  {
    files: ISOMORPHIC,
    ignores: [...SPECS, 'libs/api-client/src/node/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group: ['node:*'], message: 'This code also runs in browsers.' }] }] },
  },
  {
    files: ['**/config.ts', '**/main.ts', 'vitest.config.ts', '**/vite.config.ts', 'tools/**/*.ts', 'bench/**/*.ts', ...SPECS],
    rules: { 'no-restricted-properties': 'off' },
  },
  { files: ['vitest.config.ts', '**/vite.config.ts'], rules: { 'import-x/no-default-export': 'off' } },
  {
    files: SPECS,
    rules: { '@typescript-eslint/explicit-module-boundary-types': 'off', 'max-lines': ['error', { max: 800 }] },
  },
);

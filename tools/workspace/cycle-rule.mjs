import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** File cycles inside a project: the module-boundary rule sees only cycles between projects. */
export const cycleRule = (project) => ({
  files: ['**/*.ts', '**/*.tsx'],
  languageOptions: { parser: tseslint.parser },
  plugins: { 'import-x': importX },
  settings: {
    'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
    'import-x/resolver-next': [createTypeScriptImportResolver({ project, noWarnOnMultipleProjects: true })],
  },
  rules: { 'import-x/no-cycle': ['error', { ignoreExternal: true }], 'import-x/no-default-export': 'error' },
});

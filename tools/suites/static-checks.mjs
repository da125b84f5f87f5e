import { join } from 'node:path';
import { nodePath, root, run, runEnvironment } from '../setup/prepare.mjs';

const bin = (name, file) => join(root, 'node_modules', name, file);

const CHECKS = [
  ['sources, specs and tools type-check', [bin('typescript', 'bin/tsc'), '-p', 'tsconfig.workspace.json']],
  ['project references match package.json', ['tools/workspace/sync-references.mjs', '--check']],
  ['formatting', [bin('prettier', 'bin/prettier.cjs'), '--check', '--log-level=warn', '.']],
  ['repository rules (lockfile, hosts, paths in docs, generated files)', ['tools/workspace/check-repository.mjs']],
  ['native parts fit CentOS 8 (glibc 2.28, libstdc++ 3.4.25)', ['tools/workspace/check-native-symbols.mjs']],
];

/**
 * Runs the checks one after another and resolves with what there is to show. They run at the priority of everything else: at a
 * lower one a busy loop on each core starves them for as long as it lasts.
 */
export const staticChecks = async (tally) => {
  const lines = ['takt · static checks\n'];
  const say = (text) => lines.push(text);
  const node = (args) => run(nodePath(), args, { env: runEnvironment() });
  for (const [title, args] of CHECKS) {
    const { code, output } = await node(args);
    tally.check(code === 0, title, output, say);
  }
  const { code, output } = await node(['--max-old-space-size=6144', 'tools/lint.mjs']);
  const verdicts = output.split('\n').filter((line) => /^(ok {2}|FAIL)/.test(line));
  for (const line of verdicts) tally.check(line.startsWith('ok'), line.slice(5), '', say);
  if (code !== 0) say(output);
  if (code !== 0 && verdicts.every((line) => line.startsWith('ok'))) tally.check(false, 'lint runs to its end', '', say);
  return lines.join('');
};

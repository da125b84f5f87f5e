import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readLedger } from '../../e2e/ledger.mjs';

const git = (root, args) =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] });

/** What is being proved: the commit, with every change that is not committed. Undefined outside a git checkout. */
const treeKey = (root) => {
  try {
    const untracked = git(root, ['ls-files', '--others', '--exclude-standard', '-z']).split('\0').filter(Boolean).sort();
    const hash = createHash('sha256')
      .update(git(root, ['rev-parse', 'HEAD']))
      .update(git(root, ['diff', 'HEAD']));
    for (const path of untracked) hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
    return hash.digest('hex').slice(0, 16);
  } catch {
    return undefined;
  }
};

/**
 * What of `npm run prove` has passed on exactly these sources: suites with their counts, and the ledger of single cases.
 * Other sources start from nothing.
 */
export class ProveState {
  #dir;
  #suites;

  /** @param {{ root: string, fresh: boolean }} options `fresh` forgets what has passed. */
  constructor({ root, fresh }) {
    const base = join(root, '.takt', 'prove');
    const key = treeKey(root) ?? `unversioned-${process.pid}`;
    this.#dir = join(base, key);
    mkdirSync(this.#dir, { recursive: true });
    for (const name of readdirSync(base)) if (name !== key) rmSync(join(base, name), { recursive: true, force: true });
    if (fresh) for (const name of readdirSync(this.#dir)) rmSync(join(this.#dir, name));
    this.#suites = existsSync(this.#suitesFile) ? JSON.parse(readFileSync(this.#suitesFile, 'utf8')) : {};
  }

  get #suitesFile() {
    return join(this.#dir, 'suites.json');
  }

  get ledgerFile() {
    return join(this.#dir, 'cases.jsonl');
  }

  /** Counts of a suite that has passed, undefined for one that has not. */
  passed(suite) {
    return this.#suites[suite];
  }

  keep(suite, counts) {
    this.#suites[suite] = counts;
    writeFileSync(`${this.#suitesFile}.new`, JSON.stringify(this.#suites, null, 2));
    renameSync(`${this.#suitesFile}.new`, this.#suitesFile);
  }

  /** Cases that have passed and cases there are, by matrix. */
  matrices() {
    const { cases: matrices, passed } = readLedger(this.ledgerFile);
    return [...matrices].map(([name, cases]) => ({
      name,
      cases,
      passed: [...passed].filter((each) => each.startsWith(`${name}: `)).length,
    }));
  }
}

import { appendFileSync } from 'node:fs';
import { readLedger } from './ledger.mjs';

/**
 * What `npm run prove` has behind it, a line of JSON for each case that passed, so that an interrupted run goes on where it
 * ended. The path is given by `TAKT_PROVE_LEDGER`; without it nothing is kept and every case runs.
 */
export class ProveLedger {
  readonly #path: string | undefined;
  readonly #passed: ReadonlySet<string>;

  constructor(path = process.env['TAKT_PROVE_LEDGER']) {
    this.#path = path === '' ? undefined : path;
    this.#passed = this.#path === undefined ? new Set() : readLedger(this.#path).passed;
  }

  /** The cases of a matrix that are still to be run; announces how many it has in all. */
  open<T>(matrix: string, cases: readonly T[], nameOf: (each: T) => string): T[] {
    this.#append({ matrix, cases: cases.length });
    return cases.filter((each) => !this.#passed.has(`${matrix}: ${nameOf(each)}`));
  }

  /** Notes a case as passed. */
  passed(matrix: string, name: string): void {
    this.#append({ passed: `${matrix}: ${name}` });
  }

  #append(entry: object): void {
    if (this.#path !== undefined) appendFileSync(this.#path, `${JSON.stringify(entry)}\n`);
  }
}

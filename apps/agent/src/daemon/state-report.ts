import { relative } from 'node:path';
import type { Clock } from '@takt/kernel';
import type { DataFolder } from '../data-folder.js';
import { quarantinedByAgent, quarantinedByLines } from '../state/quarantine-listing.js';
import type { Reporter } from '../state/reporter.js';
import { stateCondition } from '../state/state-condition.js';
import type { StateFiles, StateFinding } from '../state/state-files.js';
import { reportCondition } from './conditions.js';

/** Reports `StateIntact`: damage as soon as it is found, and once more when the file is replaced; each damage of a file again. */
export class StateReport {
  readonly #files: StateFiles;
  readonly #folder: DataFolder;
  readonly #reporter: Reporter;
  readonly #clock: Clock;
  /** Numbers of the findings that were reported: only then are their files reported as replaced. */
  readonly #reported = new Set<number>();
  /** Files in the agent's own quarantine folder when it started; later ones are among the findings. */
  #listed: readonly string[] | undefined;

  constructor(files: StateFiles, folder: DataFolder, reporter: Reporter, clock: Clock) {
    this.#files = files;
    this.#folder = folder;
    this.#reporter = reporter;
    this.#clock = clock;
  }

  /**
   * @param missing paths of files whose content nothing but another process can bring again, and has not yet
   * @param lostRecords see `stateCondition`
   */
  async report(missing: readonly string[], lostRecords: readonly string[]): Promise<void> {
    const { fs, findings } = this.#files;
    const unknown = new Set(missing.map((path) => relative(this.#folder.root, path)));
    const isReplaced = ({ file, number }: StateFinding): boolean => this.#reported.has(number) && !unknown.has(file);
    this.#listed ??= await quarantinedByAgent(fs, this.#folder);
    const quarantined = [...this.#listed, ...(await quarantinedByLines(fs, this.#folder))];
    const says = stateCondition(findings, isReplaced, quarantined, lostRecords);
    await reportCondition(this.#reporter, this.#clock, 'StateIntact', says);
    if (says.status === 'false') for (const { number } of findings) this.#reported.add(number);
  }
}

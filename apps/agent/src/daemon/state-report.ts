import { basename, extname, join, relative } from 'node:path';
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
  /** Files in quarantine when the agent started; later ones of its own are among the findings. */
  #atStart: readonly string[] | undefined;
  /** Files that a runtime has moved away since, by where they are. */
  readonly #byRuntimes = new Map<string, StateFinding>();

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
    const findings = [...this.#files.findings, ...(await this.#foundByRuntimes())];
    const unknown = new Set(missing.map((path) => relative(this.#folder.root, path)));
    const isReplaced = ({ file, number }: StateFinding): boolean => this.#reported.has(number) && !unknown.has(file);
    const says = stateCondition(findings, isReplaced, this.#atStart ?? [], lostRecords);
    await reportCondition(this.#reporter, this.#clock, 'StateIntact', says);
    if (says.status === 'false') for (const { number } of findings) this.#reported.add(number);
  }

  async #foundByRuntimes(): Promise<readonly StateFinding[]> {
    const { fs } = this.#files;
    const present = await quarantinedByLines(fs, this.#folder);
    this.#atStart ??= [...(await quarantinedByAgent(fs, this.#folder)), ...present];
    for (const path of present) {
      if (this.#atStart.includes(path) || this.#byRuntimes.has(path)) continue;
      this.#byRuntimes.set(path, {
        file: join(path, '../..', basename(path, extname(path))),
        kind: 'damaged',
        detail: 'its runtime found it',
        movedTo: join(this.#folder.root, path),
        remedy: 'the runtime replaces it',
        trouble: null,
        // The files of the agent count upwards from 1.
        number: -1 - this.#byRuntimes.size,
      });
    }
    return [...this.#byRuntimes.values()];
  }
}

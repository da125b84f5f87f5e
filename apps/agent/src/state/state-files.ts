import { relative, sep } from 'node:path';
import { errnoOf, examineDocument, examineFile, setAside } from '@takt/durable-fs';
import type { DocumentReading, DocumentSchema } from '@takt/durable-fs';
import { LogField } from '@takt/kernel';
import type { Clock, DurableFs, Logger } from '@takt/kernel';
import type { DataFolder } from '../data-folder.js';

/** A file of the data folder that this run found damaged or unreadable. */
export interface StateFinding {
  /** Relative to the data folder. */
  readonly file: string;
  readonly kind: 'damaged' | 'unreadable';
  readonly detail: string;
  /** Where it was moved; null where it is still in its place. */
  readonly movedTo: string | null;
  /** What takes its place. */
  readonly remedy: string;
  /** Counts the findings of this run: a file that is damaged again is another finding. */
  readonly number: number;
}

export interface StateFilesDeps {
  readonly fs: DurableFs;
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A folder or something else stands where the file has to go. */
const OBSTRUCTED: ReadonlySet<string> = new Set(['EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST']);

/**
 * All documents of the agent, read and written in one way. A damaged one is moved to the quarantine folder and counts as
 * missing; one that cannot be read is left where it is and counts as missing, and is moved, never overwritten, when
 * something new must take its name. Only the agent that holds the data folder may use it; local commands read with
 * `examineDocument`, which changes nothing.
 */
export class StateFiles {
  readonly #deps: StateFilesDeps;
  readonly #findings = new Map<string, StateFinding>();
  #count = 0;

  constructor(deps: StateFilesDeps) {
    this.#deps = deps;
  }

  get fs(): DurableFs {
    return this.#deps.fs;
  }

  /** What was found since the agent started, newest state per file. */
  get findings(): readonly StateFinding[] {
    return [...this.#findings.values()];
  }

  /**
   * Whether a file that cannot be used now was there once: this run found it damaged or unreadable, or an earlier run moved it
   * away and ended before anything took its place.
   */
  async wasLost(path: string): Promise<boolean> {
    const file = this.#nameOf(path);
    if (this.#findings.has(file)) return true;
    const kept = await this.fs.list(this.#deps.folder.quarantine);
    return kept.some((name) => name.startsWith(`${quarantineName(file)}.`)) && (await examineFile(this.fs, path)).kind !== 'read';
  }

  /**
   * The document; undefined where there is none that can be used.
   *
   * @param remedy what happens without it, as a sentence part: "the control plane is asked for it again"
   */
  async read<T>(path: string, schema: DocumentSchema<T>, remedy: string): Promise<T | undefined> {
    return this.#valueOf(path, await examineDocument(this.fs, path, schema), remedy);
  }

  /** The bytes of a file that is not JSON; `check` says what is wrong with them. */
  async readBytes(path: string, check: (bytes: Uint8Array) => string | undefined, remedy: string): Promise<Uint8Array | undefined> {
    const found = await examineFile(this.fs, path);
    const problem = found.kind === 'read' ? check(found.value) : undefined;
    return this.#valueOf(path, problem === undefined ? found : { kind: 'damaged', detail: problem }, remedy);
  }

  /** For content that was read and is wrong by a rule that no schema has. */
  async reject(path: string, detail: string, remedy: string): Promise<void> {
    await this.#valueOf(path, { kind: 'damaged', detail }, remedy);
  }

  async write(path: string, value: unknown): Promise<void> {
    const content = `${JSON.stringify(value, null, 1)}\n`;
    if (this.#findings.get(this.#nameOf(path))?.movedTo === null) await this.#moveAway(path);
    try {
      await this.fs.write(path, content);
    } catch (thrown) {
      if (!OBSTRUCTED.has(errnoOf(thrown) ?? '') || !(await this.#moveAway(path))) throw thrown;
      await this.fs.write(path, content);
    }
  }

  /** Writes what was made again from elsewhere, unless the file is in its place and only cannot be read: it may be whole. */
  async restore(path: string, value: unknown): Promise<void> {
    const finding = this.#findings.get(this.#nameOf(path));
    if (finding?.kind === 'unreadable' && finding.movedTo === null) return;
    await this.write(path, value);
  }

  /** A file in the place of a folder that holds the quarantine, which was moved beside it. */
  noteMoved(path: string, detail: string, movedTo: string, remedy: string): void {
    this.#note({ file: this.#nameOf(path), kind: 'damaged', detail, movedTo, remedy });
  }

  async #valueOf<T>(path: string, found: DocumentReading<T>, remedy: string): Promise<T | undefined> {
    if (found.kind === 'read') return found.value;
    if (found.kind === 'missing') return undefined;
    const movedTo = found.kind === 'damaged' ? ((await this.#moveAway(path)) ?? null) : null;
    this.#note({ file: this.#nameOf(path), kind: found.kind, detail: found.detail, movedTo, remedy });
    return undefined;
  }

  #note(found: Omit<StateFinding, 'number'>): void {
    this.#count += 1;
    this.#findings.set(found.file, { ...found, number: this.#count });
    const { file } = found;
    this.#deps.logger.error('state file cannot be used', { [LogField.state]: file, [LogField.error]: describeFinding(found) });
  }

  async #moveAway(path: string): Promise<string | undefined> {
    const { folder, clock, logger } = this.#deps;
    const file = this.#nameOf(path);
    try {
      const target = await setAside(this.fs, path, folder.quarantine, quarantineName(file), clock.now());
      const finding = this.#findings.get(file);
      if (finding !== undefined) this.#findings.set(file, { ...finding, movedTo: target });
      return target;
    } catch (thrown) {
      if (errnoOf(thrown) !== 'ENOENT') logger.error('state file cannot be moved', { [LogField.state]: file, [LogField.error]: thrown });
      return undefined;
    }
  }

  #nameOf(path: string): string {
    return relative(this.#deps.folder.root, path);
  }
}

const quarantineName = (file: string): string => file.split(sep).join('-');

/** One sentence per finding. */
export const describeFinding = ({ file, kind, detail, movedTo, remedy }: Omit<StateFinding, 'number'>): string =>
  `${file} is ${kind} (${detail})${movedTo === null ? '' : ` and was moved to ${movedTo}`}; ${remedy}`;

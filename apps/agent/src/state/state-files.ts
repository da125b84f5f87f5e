import { relative, sep } from 'node:path';
import { errnoOf, examineDocument, examineFile, setAside } from '@takt/durable-fs';
import type { DocumentReading, DocumentSchema } from '@takt/durable-fs';
import { LogField, TaktError } from '@takt/kernel';
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
  /** Why it cannot be moved or replaced, as a sentence part; null while nothing stands against it. */
  readonly trouble: string | null;
}

type Found = Omit<StateFinding, 'number'>;

export interface StateFilesDeps {
  readonly fs: DurableFs;
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly logger: Logger;
}

const CHANGED = 'it is written at its next change';

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

  /**
   * @throws TaktError `StateFileStuck` where the present file could not be read and cannot be moved: it may be whole, so it is
   *   never overwritten. The file system's own error otherwise.
   */
  async write(path: string, value: unknown): Promise<void> {
    const content = `${JSON.stringify(value, null, 1)}\n`;
    const finding = this.#findings.get(this.#nameOf(path));
    if (finding?.movedTo === null) await this.#clearWay(path, finding);
    try {
      await this.fs.write(path, content);
    } catch (thrown) {
      if (!OBSTRUCTED.has(errnoOf(thrown) ?? '') || (await this.#moveAway(path)) !== undefined) throw thrown;
      await this.fs.write(path, content);
    }
    this.#update(path, { trouble: null });
  }

  /**
   * Writes what was made again from elsewhere, unless the file is in its place and only cannot be read: it may be whole. A disk
   * that cannot be written does not keep the agent from starting: it goes on with what it knows, says so, and writes the
   * document at its next change.
   */
  async restore(path: string, value: unknown): Promise<void> {
    const file = this.#nameOf(path);
    const finding = this.#findings.get(file);
    if (finding?.kind === 'unreadable' && finding.movedTo === null) return;
    try {
      await this.write(path, value);
    } catch (thrown) {
      if (errnoOf(thrown) === undefined) throw thrown;
      const missing: Found = { file, kind: 'damaged', detail: 'it is missing', movedTo: null, remedy: CHANGED, trouble: null };
      this.#note({ ...(this.#findings.get(file) ?? missing), trouble: `its replacement cannot be written (${messageOf(thrown)})` });
    }
  }

  /** A file in the place of a folder that holds the quarantine, which was moved beside it. */
  noteMoved(path: string, detail: string, movedTo: string, remedy: string): void {
    this.#note({ file: this.#nameOf(path), kind: 'damaged', detail, movedTo, remedy, trouble: null });
  }

  async #valueOf<T>(path: string, found: DocumentReading<T>, remedy: string): Promise<T | undefined> {
    if (found.kind === 'read') return found.value;
    if (found.kind === 'missing') return undefined;
    const moved = found.kind === 'damaged' ? await this.#move(path) : undefined;
    this.#note({
      file: this.#nameOf(path),
      kind: found.kind,
      detail: found.detail,
      remedy,
      ...(moved ?? { movedTo: null, trouble: null }),
    });
    return undefined;
  }

  /** Logged once, however often the file is read. */
  #note(found: Found): void {
    const before = this.#findings.get(found.file);
    if (before !== undefined && describeFinding(before) === describeFinding(found)) return;
    this.#count += 1;
    this.#findings.set(found.file, { ...found, number: this.#count });
    const { file } = found;
    this.#deps.logger.error('state file cannot be used', { [LogField.state]: file, [LogField.error]: describeFinding(found) });
  }

  #update(path: string, change: Partial<Found>): void {
    const finding = this.#findings.get(this.#nameOf(path));
    if (finding !== undefined) this.#findings.set(finding.file, { ...finding, ...change });
  }

  /** Before something new takes the name of a file that is still in its place. A damaged one may be overwritten where it cannot be moved. */
  async #clearWay(path: string, { kind }: StateFinding): Promise<void> {
    const trouble = await this.#moveAway(path);
    if (trouble === undefined || kind === 'damaged') return;
    throw new TaktError({
      code: 'StateFileStuck',
      message: `${path} cannot be read and ${trouble}, so nothing is written in its place`,
      action: 'check the disk of the node (dmesg, smartctl -a) and the owner and mode of the file and its folder',
      component: 'agent',
      element: path,
      retryable: true,
    });
  }

  /** Undefined where the way is free; otherwise why it is not. */
  async #moveAway(path: string): Promise<string | undefined> {
    const moved = await this.#move(path);
    if (moved !== undefined) this.#update(path, moved);
    return moved?.trouble ?? undefined;
  }

  /** Undefined where there is nothing to move. */
  async #move(path: string): Promise<Pick<StateFinding, 'movedTo' | 'trouble'> | undefined> {
    const { folder, clock } = this.#deps;
    try {
      const movedTo = await setAside(this.fs, path, folder.quarantine, quarantineName(this.#nameOf(path)), clock.now());
      return { movedTo, trouble: null };
    } catch (thrown) {
      if (errnoOf(thrown) === undefined) throw thrown;
      return errnoOf(thrown) === 'ENOENT' ? undefined : { movedTo: null, trouble: `it cannot be moved (${messageOf(thrown)})` };
    }
  }

  #nameOf(path: string): string {
    return relative(this.#deps.folder.root, path);
  }
}

const quarantineName = (file: string): string => file.split(sep).join('-');

/** One sentence per finding. */
export const describeFinding = ({ file, kind, detail, movedTo, remedy, trouble }: Omit<StateFinding, 'number'>): string =>
  `${file} is ${kind} (${detail})${movedTo === null ? '' : ` and was moved to ${movedTo}`}${trouble === null ? '' : `; ${trouble}`}; ${remedy}`;

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

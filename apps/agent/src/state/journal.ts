import { join } from 'node:path';
import { reportSchema } from '@takt/contracts';
import type { Report } from '@takt/contracts';
import { z } from 'zod';
import type { DataFolder } from '../data-folder.js';
import type { StateFiles } from './state-files.js';

const REPLACED = 'a note that it is lost takes its number';

export const headSchema = z.object({ confirmedSeq: z.int().nonnegative() });

/**
 * Reports that the database has not confirmed yet: one file per number, on disk before anything else happens with it.
 * Only one writer at a time.
 */
export class Journal {
  readonly #files: StateFiles;
  readonly #folder: DataFolder;
  #confirmedSeq: number;
  /** Numbers that are not confirmed, ascending and without gaps. */
  #pending: number[];

  private constructor(files: StateFiles, folder: DataFolder, confirmedSeq: number, pending: number[]) {
    this.#files = files;
    this.#folder = folder;
    this.#confirmedSeq = confirmedSeq;
    this.#pending = pending;
  }

  /**
   * @param knownSeq highest number known from elsewhere, for the case that the head is damaged. Only confirmed reports are
   *   deleted, so the head then stands below the lowest file; the database says so if it stands higher.
   */
  static async open(files: StateFiles, folder: DataFolder, knownSeq = 0): Promise<Journal> {
    const { fs } = files;
    const head = await files.read(folder.journalHead, headSchema, 'the reports on disk and the control plane say what is confirmed');
    const numbers = (await fs.list(folder.journal))
      .map((name) => /^(\d{1,15})\.json$/.exec(name)?.[1])
      .filter((text) => text !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
    const [lowest] = numbers;
    const isHeadLost = files.wasLost(folder.journalHead);
    const confirmed = head?.confirmedSeq ?? (isHeadLost ? (lowest === undefined ? knownSeq : Math.max(0, lowest - 1)) : 0);
    // Confirmed ones that a kill kept from being deleted.
    for (const seq of numbers.filter((number) => number <= confirmed)) await fs.remove(join(folder.journal, `${String(seq)}.json`));
    // Without gaps, also where a file is gone: the database takes no number before the one below it.
    const highest = numbers.at(-1) ?? confirmed;
    const pending = Array.from({ length: Math.max(0, highest - confirmed) }, (_none, index) => confirmed + 1 + index);
    return new Journal(files, folder, confirmed, pending);
  }

  /** Highest number ever given. */
  get lastSeq(): number {
    return this.#pending.at(-1) ?? this.#confirmedSeq;
  }

  /** Numbers that are not confirmed, ascending. */
  get pending(): readonly number[] {
    return this.#pending;
  }

  async append(report: Report): Promise<void> {
    await this.#files.write(this.#path(report.seq), report);
    this.#pending.push(report.seq);
  }

  /** Undefined where its file is gone or damaged. */
  async read(seq: number): Promise<Report | undefined> {
    const path = this.#path(seq);
    const report = await this.#files.read(path, reportSchema, REPLACED);
    if (report === undefined || report.seq === seq) return report;
    await this.#files.reject(path, `it holds report ${String(report.seq)}`, REPLACED);
    return undefined;
  }

  /** Writes a report again under its number. */
  async replace(report: Report): Promise<void> {
    await this.#files.write(this.#path(report.seq), report);
  }

  /**
   * Forgets everything up to `seq`, which the database has.
   *
   * Where the database has more than this node ever numbered, the node lost its memory: what is still pending gets the
   * numbers after it, so that nothing is taken for a repeat.
   */
  async confirm(seq: number): Promise<void> {
    if (seq <= this.#confirmedSeq) return;
    if (seq > this.lastSeq) return this.#renumber(seq);
    const done = this.#pending.filter((number) => number <= seq);
    await this.#files.write(this.#folder.journalHead, { confirmedSeq: seq });
    this.#confirmedSeq = seq;
    this.#pending = this.#pending.filter((number) => number > seq);
    for (const number of done) await this.#files.fs.remove(this.#path(number));
  }

  async #renumber(confirmedSeq: number): Promise<void> {
    const moved: number[] = [];
    for (const old of this.#pending) {
      const report = await this.read(old);
      if (report === undefined) continue;
      const seq = confirmedSeq + moved.length + 1;
      await this.#files.write(this.#path(seq), { ...report, seq });
      moved.push(seq);
    }
    const before = this.#pending;
    await this.#files.write(this.#folder.journalHead, { confirmedSeq });
    this.#confirmedSeq = confirmedSeq;
    this.#pending = moved;
    for (const number of before) await this.#files.fs.remove(this.#path(number));
  }

  #path(seq: number): string {
    return join(this.#folder.journal, `${String(seq)}.json`);
  }
}

import { join } from 'node:path';
import { reportSchema } from '@takt/contracts';
import type { Report } from '@takt/contracts';
import { errnoOf, examineDocument } from '@takt/durable-fs';
import { z } from 'zod';
import type { DataFolder } from '../data-folder.js';
import { journalNumbers } from './journal-numbers.js';
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
  /** Numbers are given without gaps, so all above the confirmed one up to this one are pending. */
  #lastSeq: number;

  private constructor(files: StateFiles, folder: DataFolder, confirmedSeq: number, lastSeq: number) {
    this.#files = files;
    this.#folder = folder;
    this.#confirmedSeq = confirmedSeq;
    this.#lastSeq = lastSeq;
  }

  /**
   * The head is on disk afterwards in any case, so a missing one is a lost one.
   *
   * @param knownSeq highest number known from elsewhere, for the case that the head is damaged
   */
  static async open(files: StateFiles, folder: DataFolder, knownSeq?: number): Promise<Journal> {
    const { fs } = files;
    const pathOf = (seq: number): string => join(folder.journal, `${String(seq)}.json`);
    const head = await files.read(folder.journalHead, headSchema, 'the reports on disk and the control plane say what is confirmed');
    const numbers = (await fs.list(folder.journal))
      .map((name) => /^([1-9]\d{0,14})\.json$/.exec(name)?.[1])
      .filter((text) => text !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
    const isReport = async (seq: number): Promise<boolean> => {
      const found = await examineDocument(fs, pathOf(seq), reportSchema);
      return found.kind === 'read' && found.value.seq === seq;
    };
    const { confirmed, last, strays } = await journalNumbers(numbers, head?.confirmedSeq, knownSeq, isReport);
    for (const seq of strays) await files.reject(pathOf(seq), 'its number is none that this node gave', 'no report is missing');
    if (head === undefined) await files.restore(folder.journalHead, { confirmedSeq: confirmed });
    // Confirmed ones that a kill kept from being deleted. Where the disk keeps them now, they are deleted at a later start.
    for (const seq of numbers.filter((number) => number <= confirmed))
      await fs.remove(pathOf(seq)).catch((thrown: unknown) => {
        if (errnoOf(thrown) === undefined) throw thrown;
      });
    return new Journal(files, folder, confirmed, last);
  }

  get confirmedSeq(): number {
    return this.#confirmedSeq;
  }

  /** Highest number ever given. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  get pendingCount(): number {
    return this.#lastSeq - this.#confirmedSeq;
  }

  /** The first numbers that are not confirmed, ascending; all of them without a limit. Some may have no file. */
  pending(limit = this.pendingCount): number[] {
    return range(this.#confirmedSeq, Math.min(this.#lastSeq, this.#confirmedSeq + limit));
  }

  async append(report: Report): Promise<void> {
    await this.#files.write(this.#path(report.seq), report);
    this.#lastSeq = report.seq;
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
    if (seq > this.#lastSeq) return this.#renumber(seq);
    const done = range(this.#confirmedSeq, seq);
    await this.#files.write(this.#folder.journalHead, { confirmedSeq: seq });
    this.#confirmedSeq = seq;
    for (const number of done) await this.#files.fs.remove(this.#path(number));
  }

  async #renumber(confirmedSeq: number): Promise<void> {
    const before = this.pending();
    let seq = confirmedSeq;
    for (const old of before) {
      const report = await this.read(old);
      if (report === undefined) continue;
      seq += 1;
      await this.#files.write(this.#path(seq), { ...report, seq });
    }
    await this.#files.write(this.#folder.journalHead, { confirmedSeq });
    this.#confirmedSeq = confirmedSeq;
    this.#lastSeq = seq;
    for (const number of before) await this.#files.fs.remove(this.#path(number));
  }

  #path(seq: number): string {
    return join(this.#folder.journal, `${String(seq)}.json`);
  }
}

/** The whole numbers above `after` up to `last`. */
const range = (after: number, last: number): number[] =>
  Array.from({ length: Math.max(0, last - after) }, (_none, index) => after + 1 + index);

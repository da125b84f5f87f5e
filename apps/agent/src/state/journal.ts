import { join } from 'node:path';
import { reportSchema } from '@takt/contracts';
import type { Report } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { DurableFs } from '@takt/kernel';
import { z } from 'zod';
import type { DataFolder } from '../data-folder.js';
import { readDocument, writeDocument } from './json-document.js';

const headSchema = z.object({ confirmedSeq: z.int().nonnegative() });

/**
 * Reports that the database has not confirmed yet: one file per number, on disk before anything else happens with it.
 * Only one writer at a time.
 */
export class Journal {
  readonly #fs: DurableFs;
  readonly #folder: DataFolder;
  #confirmedSeq: number;
  /** Numbers that are not confirmed, ascending and without gaps. */
  #pending: number[];

  private constructor(fs: DurableFs, folder: DataFolder, confirmedSeq: number, pending: number[]) {
    this.#fs = fs;
    this.#folder = folder;
    this.#confirmedSeq = confirmedSeq;
    this.#pending = pending;
  }

  static async open(fs: DurableFs, folder: DataFolder): Promise<Journal> {
    const head = await readDocument(fs, folder.journalHead, headSchema);
    const confirmed = head?.confirmedSeq ?? 0;
    const numbers = (await fs.list(folder.journal))
      .map((name) => /^(\d+)\.json$/.exec(name)?.[1])
      .filter((text) => text !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
    // Confirmed ones that a kill kept from being deleted.
    for (const seq of numbers.filter((number) => number <= confirmed)) await fs.remove(join(folder.journal, `${String(seq)}.json`));
    // Without gaps, also where a file is gone: the database takes no number before the one below it.
    const highest = numbers.at(-1) ?? confirmed;
    const pending = Array.from({ length: Math.max(0, highest - confirmed) }, (_none, index) => confirmed + 1 + index);
    return new Journal(fs, folder, confirmed, pending);
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
    await writeDocument(this.#fs, this.#path(report.seq), report);
    this.#pending.push(report.seq);
  }

  /** Undefined where its file is gone or damaged. */
  async read(seq: number): Promise<Report | undefined> {
    try {
      const report = await readDocument(this.#fs, this.#path(seq), reportSchema);
      return report?.seq === seq ? report : undefined;
    } catch (thrown) {
      if (isDamage(thrown)) return undefined;
      throw thrown;
    }
  }

  /** Writes a report again under its number. */
  async replace(report: Report): Promise<void> {
    await writeDocument(this.#fs, this.#path(report.seq), report);
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
    await writeDocument(this.#fs, this.#folder.journalHead, { confirmedSeq: seq });
    this.#confirmedSeq = seq;
    this.#pending = this.#pending.filter((number) => number > seq);
    for (const number of done) await this.#fs.remove(this.#path(number));
  }

  async #renumber(confirmedSeq: number): Promise<void> {
    const moved: number[] = [];
    for (const old of this.#pending) {
      const report = await this.read(old);
      if (report === undefined) continue;
      const seq = confirmedSeq + moved.length + 1;
      await writeDocument(this.#fs, this.#path(seq), { ...report, seq });
      moved.push(seq);
    }
    const before = this.#pending;
    await writeDocument(this.#fs, this.#folder.journalHead, { confirmedSeq });
    this.#confirmedSeq = confirmedSeq;
    this.#pending = moved;
    for (const number of before) await this.#fs.remove(this.#path(number));
  }

  #path(seq: number): string {
    return join(this.#folder.journal, `${String(seq)}.json`);
  }
}

const isDamage = (thrown: unknown): boolean =>
  (thrown instanceof TaktError && thrown.code === 'DocumentInvalid') ||
  (thrown instanceof Error && (thrown as NodeJS.ErrnoException).code === 'EIO');

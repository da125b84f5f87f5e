import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { artifactRefSchema, buildResultSchema } from '@takt/contracts';
import type { BuildResult } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { DurableFs } from '@takt/kernel';
import { z } from 'zod';
import type { DataFolder } from '../data-folder.js';
import { readDocument, writeDocument } from '../state/json-document.js';

const KEY = /^[0-9a-f]{64}$/;
const BUILD_FILE = 'build.json';
const CALIBRATION_FILE = 'calibration.json';

/** Finished builds, and as many calibrations, that are kept although nothing names them. */
const KEPT_UNNAMED = 3;

const calibrationSchema = z.object({ statistics: artifactRefSchema, images: z.int(), seconds: z.number() });
export type CalibrationRecord = z.output<typeof calibrationSchema>;

/** Finished builds and calibrations by key. A record is written last, so where it is, the work is done. */
export class JobsOnDisk {
  readonly #fs: DurableFs;
  readonly #folder: DataFolder;

  constructor(fs: DurableFs, folder: DataFolder) {
    this.#fs = fs;
    this.#folder = folder;
  }

  buildFolder(key: string): string {
    return join(this.#folder.builds, key);
  }

  calibrationFolder(key: string): string {
    return join(this.#folder.calibrations, key);
  }

  builds(): Promise<Set<string>> {
    return this.#finished(this.#folder.builds, BUILD_FILE);
  }

  calibrations(): Promise<Set<string>> {
    return this.#finished(this.#folder.calibrations, CALIBRATION_FILE);
  }

  /** @throws TaktError `BuildMissing` when there is no such record, or its artifact is gone */
  async build(key: string): Promise<BuildResult> {
    const record = await readDocument(this.#fs, join(this.buildFolder(key), BUILD_FILE), buildResultSchema);
    const artifact = record === undefined ? undefined : await stat(record.artifactPath).catch(() => undefined);
    if (record !== undefined && artifact !== undefined) return record;
    if (record !== undefined) await this.#fs.remove(join(this.buildFolder(key), BUILD_FILE));
    throw missing('build', key);
  }

  async calibration(key: string): Promise<CalibrationRecord> {
    const record = await readDocument(this.#fs, join(this.calibrationFolder(key), CALIBRATION_FILE), calibrationSchema);
    if (record === undefined) throw missing('calibration', key);
    return record;
  }

  finishCalibration(key: string, record: CalibrationRecord): Promise<void> {
    return writeDocument(this.#fs, join(this.calibrationFolder(key), CALIBRATION_FILE), record);
  }

  /**
   * Removes builds that nothing names, unfinished ones too; the newest few stay for a release that comes again. Only while
   * no worker runs.
   */
  pruneBuilds(keep: ReadonlySet<string>): Promise<number> {
    return this.#prune(this.#folder.builds, BUILD_FILE, keep);
  }

  /** As `pruneBuilds`. */
  pruneCalibrations(keep: ReadonlySet<string>): Promise<number> {
    return this.#prune(this.#folder.calibrations, CALIBRATION_FILE, keep);
  }

  async #prune(folder: string, file: string, keep: ReadonlySet<string>): Promise<number> {
    const keys = (await readdir(folder).catch((): string[] => [])).filter((name) => KEY.test(name) && !keep.has(name));
    const dated = await Promise.all(
      keys.map(async (key) => ({ key, finishedAt: (await stat(join(folder, key, file)).catch(() => undefined))?.mtimeMs })),
    );
    const finished = dated.filter(({ finishedAt }) => finishedAt !== undefined).sort((a, b) => (b.finishedAt ?? 0) - (a.finishedAt ?? 0));
    const newest = new Set(finished.slice(0, KEPT_UNNAMED).map(({ key }) => key));
    const surplus = keys.filter((key) => !newest.has(key));
    for (const key of surplus) {
      // The record first: where it is, everything else is there.
      await this.#fs.remove(join(folder, key, file));
      await this.#fs.remove(join(folder, key));
    }
    return surplus.length;
  }

  async #finished(folder: string, file: string): Promise<Set<string>> {
    const keys = (await readdir(folder).catch((): string[] => [])).filter((name) => KEY.test(name));
    const there = await Promise.all(keys.map((key) => stat(join(folder, key, file)).catch(() => undefined)));
    return new Set(keys.filter((_key, index) => there[index] !== undefined));
  }
}

const missing = (what: string, key: string): TaktError =>
  new TaktError({
    code: 'BuildMissing',
    message: `the ${what} ${key} is not on this node any more`,
    action: 'nothing to do; it is made again',
    component: 'agent',
    element: key,
    retryable: true,
  });

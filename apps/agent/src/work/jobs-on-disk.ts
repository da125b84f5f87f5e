import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile } from '@takt/artifact-store';
import { artifactRefSchema, buildResultSchema } from '@takt/contracts';
import type { BuildResult } from '@takt/contracts';
import type { DocumentSchema } from '@takt/durable-fs';
import { TaktError } from '@takt/kernel';
import { z } from 'zod';
import type { DataFolder } from '../data-folder.js';
import { IN_PLACE_OF_FOLDER, isObstructed } from '../state/prepare-folders.js';
import type { StateFiles } from '../state/state-files.js';

const KEY = /^[0-9a-f]{64}$/;
const BUILD_FILE = 'build.json';
const CALIBRATION_FILE = 'calibration.json';

/** Finished builds, and as many calibrations, that are kept although nothing names them. */
const KEPT_UNNAMED = 3;

/** Times a build may be made again because its files were damaged, per run of the agent. */
const REBUILDS = 2;

const calibrationSchema = z.object({ statistics: artifactRefSchema, images: z.int(), seconds: z.number() });
export type CalibrationRecord = z.output<typeof calibrationSchema>;

/** Finished builds and calibrations by key. A record is written last, so where it is, the work is done. */
export class JobsOnDisk {
  readonly #files: StateFiles;
  readonly #folder: DataFolder;
  /** Records by path, and the state of the file that they were read from. */
  readonly #read = new Map<string, { readonly stamp: string; readonly record: unknown }>();
  /** Times a build was found damaged, by key. */
  readonly #damages = new Map<string, number>();

  constructor(files: StateFiles, folder: DataFolder) {
    this.#files = files;
    this.#folder = folder;
  }

  buildFolder(key: string): string {
    return join(this.#folder.builds, key);
  }

  calibrationFolder(key: string): string {
    return join(this.#folder.calibrations, key);
  }

  /** Keys of builds whose record can be read and whose artifact is there in its full size; damaged ones are moved aside. */
  builds(): Promise<Set<string>> {
    return this.#finished(this.#folder.builds, async (key) => {
      const record = await this.#record(join(this.buildFolder(key), BUILD_FILE), buildResultSchema);
      if (record === undefined) return false;
      const problem = await artifactProblem(record);
      if (problem !== undefined) await this.#discard(key, record, problem);
      return problem === undefined;
    });
  }

  calibrations(): Promise<Set<string>> {
    return this.#finished(
      this.#folder.calibrations,
      async (key) => (await this.#record(join(this.calibrationFolder(key), CALIBRATION_FILE), calibrationSchema)) !== undefined,
    );
  }

  /** @throws TaktError `BuildMissing` when there is no such record */
  async build(key: string): Promise<BuildResult> {
    const record = await this.#record(join(this.buildFolder(key), BUILD_FILE), buildResultSchema);
    if (record === undefined) throw missing('build', key);
    return record;
  }

  /**
   * A build whose artifact was hashed just now: what a runtime may be offered.
   *
   * @throws TaktError `BuildMissing`, `BuildDamaged` (both retryable; a damaged build was moved aside and is made again)
   */
  async verifiedBuild(key: string): Promise<BuildResult> {
    const record = await this.build(key);
    const problem = (await artifactProblem(record)) ?? (await digestProblem(record));
    if (problem === undefined) return record;
    await this.#discard(key, record, problem);
    throw new TaktError({
      code: 'BuildDamaged',
      message: `the artifact of build ${key} was damaged: ${problem}`,
      action: 'nothing to do; it is built again',
      component: 'agent',
      element: record.artifactPath,
      retryable: true,
    });
  }

  /**
   * Makes room for a build that is about to run.
   *
   * @throws TaktError `BuildDamaged` when its files were damaged again and again
   */
  async prepareBuild(key: string): Promise<void> {
    const damages = this.#damages.get(key) ?? 0;
    if (damages > REBUILDS) {
      throw new TaktError({
        code: 'BuildDamaged',
        message: `build ${key} was made ${String(damages)} times and its file was damaged each time`,
        action: 'check the disk of the node (dmesg, smartctl -a), then restart takt-agent and deploy again',
        phase: 'building',
        component: 'agent',
        element: this.buildFolder(key),
      });
    }
    await this.#clearFolder(this.buildFolder(key), 'it is built again');
  }

  /** Makes room for a calibration that is about to run. */
  async prepareCalibration(key: string): Promise<void> {
    await this.#clearFolder(this.calibrationFolder(key), 'it is made again');
  }

  /** @throws TaktError `BuildMissing` when there is no such record */
  async calibration(key: string): Promise<CalibrationRecord> {
    const record = await this.#record(join(this.calibrationFolder(key), CALIBRATION_FILE), calibrationSchema);
    if (record === undefined) throw missing('calibration', key);
    return record;
  }

  /** Forgets a calibration whose statistics file is damaged, so that it is made again. */
  forgetCalibration(key: string): Promise<void> {
    return this.#files.fs.remove(join(this.calibrationFolder(key), CALIBRATION_FILE));
  }

  finishCalibration(key: string, record: CalibrationRecord): Promise<void> {
    return this.#files.write(join(this.calibrationFolder(key), CALIBRATION_FILE), record);
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

  async #clearFolder(path: string, remedy: string): Promise<void> {
    if (await isObstructed(path)) await this.#files.reject(path, IN_PLACE_OF_FOLDER, remedy);
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
      await this.#files.fs.remove(join(folder, key, file));
      await this.#files.fs.remove(join(folder, key));
    }
    return surplus.length;
  }

  async #finished(folder: string, isWhole: (key: string) => Promise<boolean>): Promise<Set<string>> {
    const keys = (await readdir(folder).catch((): string[] => [])).filter((name) => KEY.test(name));
    const whole = await Promise.all(keys.map(isWhole));
    return new Set(keys.filter((_key, index) => whole[index]));
  }

  /** A record, read again only where its file changed. */
  async #record<T>(path: string, schema: DocumentSchema<T>): Promise<T | undefined> {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) return undefined;
    const stamp = `${String(found.ino)} ${String(found.size)} ${String(found.mtimeMs)}`;
    const known = this.#read.get(path);
    if (known?.stamp === stamp) return known.record as T;
    const record = await this.#files.read(path, schema, 'the work is done again');
    if (record === undefined) this.#read.delete(path);
    else this.#read.set(path, { stamp, record });
    return record;
  }

  /** The record goes first: where it is, the artifact counts as whole. */
  async #discard(key: string, { artifactPath }: BuildResult, problem: string): Promise<void> {
    // Where it cannot be removed the build is found damaged at each look, which is one damage and not many.
    const isRemoved = await this.#files.fs.remove(join(this.buildFolder(key), BUILD_FILE)).then(
      () => true,
      () => false,
    );
    if (isRemoved) this.#damages.set(key, (this.#damages.get(key) ?? 0) + 1);
    await this.#files.reject(artifactPath, problem, 'it is built again when it is needed');
  }
}

/** What is wrong with a build as far as its record and the size of its artifact show. */
async function artifactProblem({ artifactPath, candidates }: BuildResult): Promise<string | undefined> {
  const chosen = candidates.find(({ verdict }) => verdict === 'chosen');
  if (chosen === undefined) return 'its record names no chosen candidate';
  const found = await stat(artifactPath).catch(() => undefined);
  if (found === undefined) return 'it is missing';
  if (!found.isFile()) return `${found.isDirectory() ? 'a folder' : 'no regular file'} is in its place`;
  const expected = chosen.artifactBytes;
  return found.size === expected ? undefined : `it has ${String(found.size)} bytes instead of ${String(expected)}`;
}

async function digestProblem({ artifactPath, plan }: BuildResult): Promise<string | undefined> {
  try {
    const { digest } = await hashFile(artifactPath);
    return digest === plan.artifact ? undefined : `its digest is ${digest} instead of ${plan.artifact}`;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
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

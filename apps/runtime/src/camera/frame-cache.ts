import { lstat } from 'node:fs/promises';
import { errnoOf, readRegularFile } from '@takt/durable-fs';
import { readImage } from '@takt/image-io';
import { TaktError } from '@takt/kernel';
import type { SourceReader } from './source-reads.js';

/** Encoded images of a folder, kept in memory up to a bound; what does not fit is read when it is shown. */
export interface FrameCache {
  /** Paths of the images that are shown: all but those that could not be read. At least one. */
  readonly files: readonly string[];
  /** Images that could not be read when the folder was opened, with the reason; they are left out. */
  readonly skipped: readonly { readonly file: string; readonly error: TaktError }[];
  /** Bytes of an image that is in memory. */
  kept(file: string): Uint8Array | undefined;
  /** Bytes of an image from the source. @throws TaktError `ImageUnreadable` or `SourceNotAnswering`. */
  read(file: string): Promise<Uint8Array>;
  /**
   * Reads an image again that could not be read or decoded. From then on it is shown from the source where it can be read, and
   * no more where it is gone.
   *
   * @throws TaktError `ImageUnreadable` or `SourceNotAnswering`; `SourceUnreadable` when no image is left.
   */
  readAgain(file: string): Promise<'read' | 'gone'>;
}

export interface CacheLimits {
  /** Bytes kept in memory. */
  readonly maxBytes: number;
  /** Whether to stop reading ahead, asked before each image but the first. */
  readonly isLate: () => boolean;
}

/** @throws TaktError `SourceUnreadable` when no image can be read, `SourceNotAnswering` when a read does not end. */
export async function createFrameCache(files: readonly string[], limits: CacheLimits, reads: SourceReader): Promise<FrameCache> {
  const kept = new Map<string, Uint8Array>();
  const shown: string[] = [];
  const skipped: { file: string; error: TaktError }[] = [];
  const read = (file: string): Promise<Uint8Array> => reads.run(file, () => readImage(file, readRegularFile));
  let total = 0;
  let next = 0;
  for (; next < files.length && !(shown.length > 0 && limits.isLate()); next += 1) {
    const file = files[next] as string;
    try {
      const bytes = await read(file);
      total += bytes.byteLength;
      if (shown.length > 0 && total > limits.maxBytes) break;
      kept.set(file, bytes);
      shown.push(file);
    } catch (thrown) {
      const error = TaktError.from(thrown, {
        code: 'ImageUnreadable',
        action: 'take it out of the folder',
        component: 'runtime',
        element: file,
      });
      if (error.code !== 'ImageUnreadable') throw error;
      skipped.push({ file, error });
    }
  }
  shown.push(...files.slice(next));
  const [first] = skipped;
  if (shown.length === 0 && first !== undefined) throw noneReadable(skipped.length, first.error);

  const leaveOut = (file: string): void => {
    const index = shown.indexOf(file);
    if (index < 0) return;
    if (shown.length === 1) throw noneLeft(file);
    shown.splice(index, 1);
  };
  const take = (file: string): void => {
    if (shown.includes(file)) return;
    const index = shown.findIndex((one) => one > file);
    shown.splice(index < 0 ? shown.length : index, 0, file);
  };
  const known = new Set(files);
  return {
    files: shown,
    skipped,
    kept: (file) => kept.get(file),
    read,
    readAgain: async (file) => {
      if (!known.has(file)) return 'gone';
      kept.delete(file);
      try {
        await read(file);
      } catch (thrown) {
        if (!(await reads.run(file, () => isGone(file)))) throw thrown;
        leaveOut(file);
        return 'gone';
      }
      take(file);
      return 'read';
    },
  };
}

/** Whether the folder has no such entry; a link to a missing file is one. */
const isGone = (file: string): Promise<boolean> =>
  lstat(file).then(
    () => false,
    (thrown: unknown) => errnoOf(thrown) === 'ENOENT',
  );

const noneReadable = (count: number, first: TaktError): TaktError =>
  new TaktError({
    code: 'SourceUnreadable',
    message: `none of its ${String(count)} images can be read; the first: ${first.message}`,
    action: first.action,
    component: 'runtime',
    ...(first.element === undefined ? {} : { element: first.element }),
    cause: first,
  });

const noneLeft = (last: string): TaktError =>
  new TaktError({
    code: 'SourceUnreadable',
    message: `none of its images is left; the last: ${last}`,
    action: 'put images into the folder',
    component: 'runtime',
    element: last,
  });

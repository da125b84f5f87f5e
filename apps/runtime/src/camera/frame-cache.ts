import { readRegularFile } from '@takt/durable-fs';
import { readImage } from '@takt/image-io';
import { TaktError } from '@takt/kernel';
import type { SourceReads } from './source-reads.js';

/** Encoded images of a folder, kept in memory up to a bound; what does not fit is read when it is shown. */
export interface FrameCache {
  /** Paths of the images that are shown: all but those that could not be read. At least one. */
  readonly files: readonly string[];
  /** Images that could not be read, with the reason; they are left out. */
  readonly skipped: readonly { readonly file: string; readonly error: TaktError }[];
  /** Bytes of image `index`. @throws TaktError `ImageUnreadable` or `SourceNotAnswering`. */
  bytes(index: number): Promise<Uint8Array>;
}

export interface CacheLimits {
  /** Bytes kept in memory. */
  readonly maxBytes: number;
  /** Whether to stop reading ahead, asked before each image but the first. */
  readonly isLate: () => boolean;
}

/** @throws TaktError `SourceUnreadable` when no image can be read, `SourceNotAnswering` when a read does not end. */
export async function createFrameCache(files: readonly string[], limits: CacheLimits, reads: SourceReads): Promise<FrameCache> {
  const kept: Uint8Array[] = [];
  const shown: string[] = [];
  const skipped: { file: string; error: TaktError }[] = [];
  let total = 0;
  let next = 0;
  for (; next < files.length && !(shown.length > 0 && limits.isLate()); next += 1) {
    const file = files[next] as string;
    try {
      const bytes = await reads.run(file, () => readImage(file, readRegularFile));
      total += bytes.byteLength;
      if (shown.length > 0 && total > limits.maxBytes) break;
      kept.push(bytes);
      shown.push(file);
    } catch (thrown) {
      const error = TaktError.from(thrown, {
        code: 'ImageUnreadable',
        action: 'take it out of the folder',
        component: 'runtime',
        element: file,
      });
      if (error.code === 'SourceNotAnswering') throw error;
      skipped.push({ file, error });
    }
  }
  shown.push(...files.slice(next));
  const [first] = skipped;
  if (shown.length === 0 && first !== undefined) throw noneReadable(skipped.length, first.error);
  return {
    files: shown,
    skipped,
    bytes: async (index) => {
      const file = shown[index] ?? '';
      return kept[index] ?? (await reads.run(file, () => readImage(file, readRegularFile)));
    },
  };
}

const noneReadable = (count: number, first: TaktError): TaktError =>
  new TaktError({
    code: 'SourceUnreadable',
    message: `none of its ${String(count)} images can be read; the first: ${first.message}`,
    action: first.action,
    component: 'runtime',
    ...(first.element === undefined ? {} : { element: first.element }),
    cause: first,
  });

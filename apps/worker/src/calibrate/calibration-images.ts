import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { readRegularFile } from '@takt/durable-fs';
import { listImages, readImage } from '@takt/image-io';
import { sampleOf } from '@takt/quantization';

/** The images a calibration uses. */
export interface CalibrationImages {
  /** Absolute paths, in path order. */
  readonly paths: readonly string[];
  /** Images in the whole folder. */
  readonly of: number;
  /** Digest over relative names and contents of the images in `paths`; does not depend on where the folder is. */
  readonly digest: string;
}

/** Samples `sample` images of a folder by `seed`. Throws what `listImages` and `readImage` throw. */
export async function pickImages(folder: string, sample: number, seed: number, signal: AbortSignal): Promise<CalibrationImages> {
  const all = await listImages(folder);
  const paths = sampleOf(all, sample, seed);
  const set = createHash('sha256');
  for (const path of paths) {
    signal.throwIfAborted();
    set.update(`${await hashFile(path)}  ${relative(folder, path)}\n`);
  }
  return { paths, of: all.length, digest: `sha256:${set.digest('hex')}` };
}

const hashFile = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readImage(path, readRegularFile))
    .digest('hex');

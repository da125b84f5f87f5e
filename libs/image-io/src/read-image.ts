import { TaktError } from '@takt/kernel';

/** Largest image file that is read, bytes: a JPEG or PNG of 100 megapixels is smaller. */
export const MAX_IMAGE_BYTES = 128 * 1024 * 1024;

/** Reads a regular file up to a limit, bytes, and throws for anything else. */
export type ReadFile = (path: string, maxBytes: number) => Promise<Uint8Array>;

/**
 * Bytes of an image file.
 *
 * @throws TaktError `ImageUnreadable` that names the file, where it is missing, larger than `MAX_IMAGE_BYTES`, or no regular file.
 */
export async function readImage(path: string, readFile: ReadFile): Promise<Uint8Array> {
  try {
    return await readFile(path, MAX_IMAGE_BYTES);
  } catch (error) {
    throw new TaktError({
      code: 'ImageUnreadable',
      message: `the image ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      action: 'replace it by an image file that this user may read, or take it out of the folder',
      component: 'image-io',
      element: path,
      cause: error,
    });
  }
}

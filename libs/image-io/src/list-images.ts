import { TaktError } from '@takt/kernel';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const IMAGE_NAME = /\.(?:jpe?g|png|bmp|webp)$/i;

/**
 * Absolute paths of the JPEG, PNG, BMP and WebP files in a folder and its subfolders, sorted by code unit (the same order on every
 * machine and locale). Hidden files and folders are left out.
 *
 * @throws TaktError `ImageFolderUnreadable` when the folder cannot be listed, `ImageFolderEmpty` when no image is in it.
 */
export async function listImages(folder: string): Promise<string[]> {
  let entries;
  try {
    entries = await readdir(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    throw new TaktError({
      code: 'ImageFolderUnreadable',
      message: `the image folder ${folder} cannot be listed: ${error instanceof Error ? error.message : String(error)}`,
      action: 'check the path and that this user may read it',
      component: 'image-io',
      element: folder,
      cause: error,
    });
  }
  const hidden = (path: string): boolean =>
    path
      .slice(folder.length)
      .split('/')
      .some((part) => part.startsWith('.'));
  const paths = entries
    .filter((entry) => !entry.isDirectory() && IMAGE_NAME.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !hidden(path))
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  if (paths.length === 0) {
    throw new TaktError({
      code: 'ImageFolderEmpty',
      message: `${folder} holds no JPEG, PNG, BMP or WebP image`,
      action: 'put images into it or name another folder',
      component: 'image-io',
      element: folder,
    });
  }
  return paths;
}

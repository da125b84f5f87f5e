import { TaktError } from '@takt/kernel';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';

const IMAGE_NAME = /\.(?:jpe?g|png|bmp|webp)$/i;

/** Limit of the entries below an image folder: `/`, named by mistake, must not fill the memory with its names. */
export const MAX_FOLDER_ENTRIES = 1_000_000;

/**
 * Absolute paths of the JPEG, PNG, BMP and WebP files in a folder and its subfolders, sorted by code unit (the same order on every
 * machine and locale). Hidden files and folders are left out; links to folders are not followed. What a name stands for is
 * checked when it is read.
 *
 * @throws TaktError `ImageFolderUnreadable` when the folder cannot be listed, `ImageFolderTooLarge` above `maxEntries`,
 * `ImageFolderEmpty` when no image is in it.
 */
export async function listImages(folder: string, maxEntries = MAX_FOLDER_ENTRIES): Promise<string[]> {
  const paths: string[] = [];
  const folders = [folder];
  let entries = 0;
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    try {
      for await (const entry of await opendir(next)) {
        entries += 1;
        if (entries > maxEntries) throw tooLarge(folder, maxEntries);
        if (entry.name.startsWith('.')) continue;
        if (entry.isDirectory()) folders.push(join(next, entry.name));
        else if (IMAGE_NAME.test(entry.name)) paths.push(join(next, entry.name));
      }
    } catch (error) {
      throw error instanceof TaktError ? error : unreadable(next, error);
    }
  }
  if (paths.length === 0) {
    throw new TaktError({
      code: 'ImageFolderEmpty',
      message: `${folder} holds no JPEG, PNG, BMP or WebP image`,
      action: 'put images into it or name another folder',
      component: 'image-io',
      element: folder,
    });
  }
  return paths.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

const unreadable = (folder: string, error: unknown): TaktError =>
  new TaktError({
    code: 'ImageFolderUnreadable',
    message: `the image folder ${folder} cannot be listed: ${error instanceof Error ? error.message : String(error)}`,
    action: 'name a folder that this user may read',
    component: 'image-io',
    element: folder,
    cause: error,
  });

const tooLarge = (folder: string, maxEntries: number): TaktError =>
  new TaktError({
    code: 'ImageFolderTooLarge',
    message: `${folder} and its subfolders have more than ${String(maxEntries)} entries`,
    action: 'name the folder that holds the images themselves',
    component: 'image-io',
    element: folder,
  });

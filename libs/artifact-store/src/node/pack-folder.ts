import { createWriteStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ArtifactRef } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import { hashFile } from '../files/digest-writer.js';

/**
 * Packs the files of a folder (links followed, names that begin with "." left out) into a tar stream whose bytes depend
 * on names and contents only: sorted by name, time 0, mode 0644, no owner.
 *
 * @throws TaktError `FolderEmpty`, `FolderUnreadable`
 */
export async function packFolder(folder: string): Promise<Readable> {
  const files = await filesBelow(folder);
  if (files.length === 0) {
    throw new TaktError({
      code: 'FolderEmpty',
      message: `the folder ${folder} has no files`,
      action: 'name the folder that holds the images (and labels)',
      component: 'artifact-store',
      element: folder,
    });
  }
  const { create } = await import('tar');
  const pack = create(
    {
      cwd: folder,
      portable: true,
      follow: true,
      mtime: new Date(0),
      noDirRecurse: true,
      onWriteEntry: (entry) => {
        if (entry.stat !== undefined) entry.stat.mode = 0o100644;
      },
    },
    files,
  );
  return Readable.from(pack as AsyncIterable<Buffer>);
}

/** Packs a folder into the file `target` and says what it is. */
export async function packFolderTo(folder: string, target: string): Promise<ArtifactRef> {
  await pipeline(await packFolder(folder), createWriteStream(target, { mode: 0o600 }));
  return { ...(await hashFile(target)), fileName: `${basename(folder)}.tar` };
}

/** Paths of all files relative to the folder, in the order of their UTF-16 code units: the same on every machine. */
async function filesBelow(root: string): Promise<string[]> {
  const found: string[] = [];
  /** @param above real paths of the folders that lead here: a link back to one of them would never end. */
  const walk = async (relative: string, above: readonly string[]): Promise<void> => {
    const folder = join(root, relative);
    const real = await realpath(folder).catch((cause: unknown) => Promise.reject(unreadable(root, folder, reasonOf(cause), cause)));
    if (above.includes(real)) throw unreadable(root, folder, 'it is a link to a folder that holds it');
    const names = await readdir(folder).catch((cause: unknown) => Promise.reject(unreadable(root, folder, reasonOf(cause), cause)));
    for (const name of names) {
      if (name.startsWith('.')) continue;
      const path = relative === '' ? name : `${relative}/${name}`;
      const stats = await stat(join(root, path)).catch((cause: unknown) =>
        Promise.reject(unreadable(root, join(root, path), reasonOf(cause), cause)),
      );
      if (stats.isDirectory()) await walk(path, [...above, real]);
      else if (stats.isFile()) found.push(path);
      else throw unreadable(root, join(root, path), 'it is a FIFO, a socket or a device, not a regular file');
    }
  };
  await walk('', []);
  return found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

const unreadable = (root: string, path: string, reason: string, cause?: unknown): TaktError =>
  new TaktError({
    code: 'FolderUnreadable',
    message: `${path} cannot be packed: ${reason}`,
    action: 'correct it, or take it out of the folder',
    component: 'artifact-store',
    element: root,
    cause,
  });

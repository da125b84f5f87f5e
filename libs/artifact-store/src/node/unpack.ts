import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { TaktError } from '@takt/kernel';
import type { DurableFs } from '@takt/kernel';
import { freeBytes, requireSpace, spaceError } from '../files/disk-space.js';

export interface UnpackOptions {
  readonly signal?: AbortSignal | undefined;
  /** Free bytes of a folder's file system. Default: asked of the system. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/**
 * Unpacks a tar (gzip allowed) to the folder `target`, which appears whole or not at all. Nothing is written when an
 * entry would leave the folder or is anything but a file or a folder.
 *
 * @throws TaktError `DataSetInvalid`, `NoSpaceLeft`
 */
export async function unpackTar(fs: DurableFs, archive: string, target: string, options: UnpackOptions = {}): Promise<void> {
  const bytes = await inspect(archive);
  const folder = dirname(target);
  requireSpace(`the data set ${archive}`, folder, bytes, await (options.freeBytes ?? freeBytes)(folder));
  const temporary = `${target}.unpacking`;
  const { extract } = await import('tar');
  // One agent owns the data folder, so what is there was left by a killed one.
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    await extract({
      file: archive,
      cwd: temporary,
      strict: true,
      preserveOwner: false,
      noMtime: true,
      filter: (_path, entry) => 'type' in entry && isPlain(entry.type),
    });
    options.signal?.throwIfAborted();
    await syncTree(temporary);
  } catch (thrown) {
    await rm(temporary, { recursive: true, force: true });
    options.signal?.throwIfAborted();
    const known = spaceError(thrown, `the data set ${archive}`, folder);
    throw known instanceof TaktError ? known : invalid(archive, thrown instanceof Error ? thrown.message : String(thrown), thrown);
  }
  await fs.publish(temporary, target);
}

const isPlain = (type: string): boolean => type === 'File' || type === 'OldFile' || type === 'ContiguousFile' || type === 'Directory';

/** Sum of the file sizes; refuses what must not be unpacked before anything is. */
async function inspect(archive: string): Promise<number> {
  // Loaded on use: most of an agent's life needs no tar.
  const { list } = await import('tar');
  let bytes = 0;
  let entries = 0;
  let problem: string | undefined;
  await list({
    file: archive,
    strict: true,
    onReadEntry: (entry) => {
      entries += 1;
      bytes += entry.size;
      if (isAbsolute(entry.path) || entry.path.split(/[\\/]/).includes('..'))
        problem ??= `entry "${entry.path}" would be written outside the folder`;
      else if (!isPlain(entry.type)) problem ??= `entry "${entry.path}" is a ${entry.type}; only files and folders are taken`;
    },
  }).catch((thrown: unknown) => {
    throw invalid(archive, thrown instanceof Error ? thrown.message : String(thrown), thrown);
  });
  if (problem === undefined && entries === 0) problem = 'it has no entries, so it is empty or no tar file';
  if (problem !== undefined) throw invalid(archive, problem);
  return bytes;
}

const invalid = (archive: string, detail: string, cause?: unknown): TaktError =>
  new TaktError({
    code: 'DataSetInvalid',
    message: `the data set ${archive} cannot be unpacked: ${detail}`,
    action: 'push the folder again with "takt dataset push DIR", which makes a plain tar',
    phase: 'fetching',
    component: 'artifact-store',
    element: archive,
    cause,
  });

/** Puts the content of every file and the names in every folder on disk before the folder gets its name. */
async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else await sync(path);
  }
  await sync(folder);
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

import { lstat, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { sweepTemporaryFiles } from '@takt/durable-fs';
import { TaktError } from '@takt/kernel';
import type { DataFolder } from '../data-folder.js';
import { CHECK_DISK } from './state-condition.js';
import type { StateFiles } from './state-files.js';

export const IN_PLACE_OF_FOLDER = 'a file is in the place of a folder';
const MADE_AGAIN = 'the folder is made again';

/**
 * Makes the agent's own folder a folder again where a file stands in its place: the lock lies in it. The file goes beside
 * it, because the quarantine lies in it, too.
 *
 * @throws TaktError `DataFolderUnusable`
 */
export async function prepareOwnFolder(files: StateFiles, folder: DataFolder): Promise<void> {
  try {
    await makeFolder(files, folder.agent);
  } catch (cause) {
    throw new TaktError({
      code: 'DataFolderUnusable',
      message: `${folder.agent} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}`,
      action: `${CHECK_DISK}, whether it is mounted read-only, and the owner and mode of ${folder.root}`,
      component: 'agent',
      element: folder.agent,
      cause,
    });
  }
}

async function makeFolder(files: StateFiles, path: string): Promise<void> {
  if (await isObstructed(path)) {
    const target = await freeName(`${path}.damaged`);
    await rename(path, target);
    files.noteMoved(path, IN_PLACE_OF_FOLDER, target, MADE_AGAIN);
  }
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/**
 * Makes every folder of the data folder a folder again where a file stands in its place, and removes what a killed agent
 * left half written. Before anything is read; only by the agent that holds the data folder.
 */
export async function prepareFolders(files: StateFiles, folder: DataFolder): Promise<void> {
  await prepareOwnFolder(files, folder);
  // Without it damaged files stay in their place, and each says so.
  await makeFolder(files, folder.quarantine).catch(() => undefined);
  const { identity, journal, builds, calibrations, lines, artifacts, datasets } = folder;
  for (const path of [identity.folder, journal, builds, calibrations, lines, join(artifacts, '..'), artifacts, datasets]) {
    if (await isObstructed(path)) await files.reject(path, IN_PLACE_OF_FOLDER, MADE_AGAIN);
  }
  for (const path of [identity.folder, folder.agent, journal]) await sweepTemporaryFiles(path);
}

/** The name, or the first of `<name>-2`, `<name>-3`, … that nothing has. */
async function freeName(name: string): Promise<string> {
  for (let n = 1; ; n += 1) {
    const candidate = n === 1 ? name : `${name}-${String(n)}`;
    if ((await lstat(candidate).catch(() => undefined)) === undefined) return candidate;
  }
}

/** Whether something else than a folder is in the place of one. */
export async function isObstructed(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found !== undefined && !found.isDirectory() && !found.isSymbolicLink();
}

import { lstat, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { sweepTemporaryFiles } from '@takt/durable-fs';
import type { DataFolder } from '../data-folder.js';
import type { StateFiles } from './state-files.js';

/**
 * Makes the agent's own folder a folder again where a file stands in its place: the lock lies in it. The file goes beside
 * it, because the quarantine lies in it, too.
 */
export async function prepareOwnFolder(folder: DataFolder): Promise<void> {
  await makeFolder(folder.agent);
}

async function makeFolder(path: string): Promise<void> {
  if (await isObstructed(path)) await rename(path, `${path}.damaged`);
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/**
 * Makes every folder of the data folder a folder again where a file stands in its place, and removes what a killed agent
 * left half written. Before anything is read; only by the agent that holds the data folder.
 */
export async function prepareFolders(files: StateFiles, folder: DataFolder): Promise<void> {
  for (const path of [folder.agent, folder.quarantine]) await makeFolder(path);
  const { identity, journal, builds, calibrations, lines, artifacts, datasets } = folder;
  for (const path of [identity.folder, journal, builds, calibrations, lines, join(artifacts, '..'), artifacts, datasets]) {
    if (await isObstructed(path)) await files.reject(path, 'a file is in the place of a folder', 'the folder is made again');
  }
  for (const path of [identity.folder, folder.agent, journal]) await sweepTemporaryFiles(path);
}

async function isObstructed(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found !== undefined && !found.isDirectory() && !found.isSymbolicLink();
}

import { join, relative } from 'node:path';
import type { DurableFs } from '@takt/kernel';
import type { DataFolder } from '../data-folder.js';

/** Damaged files that the agent keeps. Paths relative to the data folder; nothing where the folder cannot be read. */
export const quarantinedByAgent = (fs: DurableFs, folder: DataFolder): Promise<string[]> => listed(fs, folder, folder.quarantine);

/** Damaged files that the runtimes keep, each in its line's folder. As `quarantinedByAgent`. */
export async function quarantinedByLines(fs: DurableFs, folder: DataFolder): Promise<string[]> {
  const slugs = await fs.list(folder.lines).catch((): string[] => []);
  return (await Promise.all(slugs.map((slug) => listed(fs, folder, join(folder.lines, slug, 'quarantine'))))).flat();
}

async function listed(fs: DurableFs, folder: DataFolder, path: string): Promise<string[]> {
  const names = await fs.list(path).catch((): string[] => []);
  return names.map((name) => relative(folder.root, join(path, name)));
}

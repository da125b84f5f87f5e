import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DurableFs } from '@takt/kernel';

/** The file system without its syncs: what survives a power cut is tested with the adapter that promises it. */
export const plainFs = (): DurableFs => ({
  read: (path) => readFile(path).catch(() => undefined),
  write: async (path, content, mode = 0o600) => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { mode });
  },
  remove: (path) => rm(path, { recursive: true, force: true }),
  publish: async (from, to) => {
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
  },
  list: async (path) => (await readdir(path).catch((): string[] => [])).sort(),
});

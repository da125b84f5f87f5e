import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TEMPORARY_SUFFIX } from './operation.js';

/**
 * Removes half-written files that a killed process left in `folder` (not its sub-folders). Only the one process that owns
 * the folder may call it, before it writes there. Returns how many were removed; one that cannot be removed takes room only.
 */
export async function sweepTemporaryFiles(folder: string): Promise<number> {
  const names = await readdir(folder).catch((thrown: unknown): string[] => {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
    throw thrown;
  });
  const left = names.filter((name) => name.endsWith(TEMPORARY_SUFFIX));
  const removed = await Promise.allSettled(left.map((name) => rm(join(folder, name), { force: true })));
  return removed.filter(({ status }) => status === 'fulfilled').length;
}

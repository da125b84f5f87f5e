import { sweepTemporaryFiles } from '@takt/durable-fs';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const PREFIX = '.work-';

/**
 * Runs `work` with a private folder inside `outDir`, on the same file system, so that finished files are moved out of it by
 * rename. It is removed whatever happens; what a killed run left is removed first. One job owns an `outDir` at a time.
 */
export async function withWorkFolder<T>(outDir: string, work: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(outDir, { recursive: true });
  await sweepTemporaryFiles(outDir);
  const left = (await readdir(outDir)).filter((name) => name.startsWith(PREFIX));
  await Promise.all(left.map((name) => rm(join(outDir, name), { recursive: true, force: true })));
  const folder = join(outDir, `${PREFIX}${randomUUID()}`);
  await mkdir(folder);
  const removeNow = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', removeNow);
  try {
    return await work(folder);
  } finally {
    process.off('exit', removeNow);
    await rm(folder, { recursive: true, force: true });
  }
}

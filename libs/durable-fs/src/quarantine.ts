import { chmod, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DurableFs } from '@takt/kernel';

/** Damaged files that are kept as evidence, and what they may take together, bytes. The oldest go first; the newest always stays. */
const KEPT_FILES = 20;
const KEPT_BYTES = 256 * 1024 * 1024;

/** `<name>.<UTC time to the ms>`, with `-<n>` where the name is taken. */
const STAMPED = /\.(\d{8}T\d{9}Z(?:-\d+)?)$/;

/**
 * Moves a damaged file or folder into the quarantine folder under `<name>.<time>`, on disk when it resolves, and removes
 * the oldest ones beyond 20 or beyond 256 MiB; the newest stays whatever its size. Only the owner can read what lies there.
 * Returns the new path.
 *
 * @param at wall-clock ms
 * @throws the file system's own error where the file cannot be moved; it is then still in its place
 */
export async function setAside(fs: DurableFs, path: string, quarantine: string, name: string, at: number): Promise<string> {
  const stamp = new Date(at).toISOString().replace(/[-:.]/g, '');
  const present = await fs.list(quarantine);
  const base = `${name}.${stamp}`;
  let target = base;
  for (let n = 2; present.includes(target); n += 1) target = `${base}-${String(n)}`;
  const moved = join(quarantine, target);
  await fs.publish(path, moved);
  // The file is where it should be. What is left to do is done again with the next one.
  for (const one of [quarantine, moved]) await keepPrivate(one).catch(() => undefined);
  await removeOldest(fs, quarantine, present, moved).catch(() => undefined);
  return moved;
}

/** Whatever mode a file had: it may hold a key, or a part of one. */
async function keepPrivate(path: string): Promise<void> {
  const found = await lstat(path);
  if (found.isFile()) await chmod(path, 0o600);
  if (found.isDirectory()) await chmod(path, 0o700);
}

async function removeOldest(fs: DurableFs, quarantine: string, present: readonly string[], moved: string): Promise<void> {
  const stampOf = (one: string): string => STAMPED.exec(one)?.[1] ?? '';
  const newestFirst = present.filter((one) => STAMPED.test(one)).sort((a, b) => (stampOf(a) < stampOf(b) ? 1 : -1));
  let files = 1;
  let bytes = await sizeOf(moved);
  for (const one of newestFirst) {
    const path = join(quarantine, one);
    files += 1;
    bytes += await sizeOf(path);
    if (files > KEPT_FILES || bytes > KEPT_BYTES) await fs.remove(path);
  }
}

/** Bytes of a file, or of all files below a folder. Links are not followed. */
async function sizeOf(path: string): Promise<number> {
  const found = await lstat(path);
  if (!found.isDirectory()) return found.size;
  const sizes = await Promise.all((await readdir(path)).map((name) => sizeOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

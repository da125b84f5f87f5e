import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { TaktError } from '@takt/kernel';

/** Room that must stay free after a file is written, bytes: the journal and the other documents need it. */
export const RESERVED_BYTES = 32 * 1024 * 1024;

/** Free bytes of the file system that holds a folder; the folder need not exist yet. */
export async function freeBytes(folder: string): Promise<number> {
  for (let path = resolve(folder); ; path = dirname(path)) {
    const stats = await statfs(path).catch(() => undefined);
    if (stats !== undefined) return stats.bavail * stats.bsize;
    if (path === dirname(path)) return 0;
  }
}

/** @throws TaktError `NoSpaceLeft` with the numbers, when writing `needed` bytes would leave less than the reserve */
export function requireSpace(what: string, folder: string, needed: number, free: number): void {
  if (free - needed >= RESERVED_BYTES) return;
  throw noSpace(what, folder, `needs ${mib(needed)} and ${mib(RESERVED_BYTES)} in reserve; ${mib(free)} are free`);
}

/** Turns the file system's own refusal into the same error. */
export function spaceError(thrown: unknown, what: string, folder: string): unknown {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') return noSpace(what, folder, 'the disk filled up while it was written', thrown);
  return thrown;
}

const mib = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;

const noSpace = (what: string, folder: string, detail: string, cause?: unknown): TaktError =>
  new TaktError({
    code: 'NoSpaceLeft',
    message: `no room for ${what} in ${folder}: ${detail}`,
    action: 'free space on the file system of the data folder; the work goes on by itself then',
    component: 'artifact-store',
    element: folder,
    retryable: true,
    cause,
  });

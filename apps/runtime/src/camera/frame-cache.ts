import { readFile } from 'node:fs/promises';

/** Encoded images of a folder, kept in memory up to a bound; what does not fit is read when it is shown. */
export interface FrameCache {
  /** Bytes of file `index`. @throws the file system's error when the file is gone. */
  bytes(index: number): Promise<Uint8Array>;
}

export async function createFrameCache(files: readonly string[], maxBytes: number): Promise<FrameCache> {
  const kept: Uint8Array[] = [];
  let total = 0;
  for (const file of files) {
    const bytes = await readFile(file);
    total += bytes.byteLength;
    if (total > maxBytes) break;
    kept.push(bytes);
  }
  return { bytes: async (index) => kept[index] ?? (await readFile(files[index] ?? '')) };
}

import { asId } from '@takt/kernel';
import type { Digest } from '@takt/kernel';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const digestOf = (bytes: Uint8Array): Digest => asId<Digest>(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);

/** File name of an artifact: its digest's hex digits. */
export const artifactFileName = (digest: Digest): string => `${digest.slice('sha256:'.length)}.onnx`;

/** Puts artifacts into a folder under their digest's name. */
export const saveInto =
  (folder: string) =>
  async (digest: Digest, bytes: Uint8Array): Promise<string> => {
    const path = join(folder, artifactFileName(digest));
    await writeFile(path, bytes);
    return path;
  };

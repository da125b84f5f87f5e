import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { asId } from '@takt/kernel';
import type { Digest } from '@takt/kernel';

export interface WrittenFile {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** Writes a file and hashes what is written; content and hash are on disk when `finish` resolves. */
export interface DigestWriter {
  /** Bytes in the file so far, those of an earlier attempt included. */
  readonly sizeBytes: number;
  write(chunk: Uint8Array): Promise<void>;
  /** Syncs, closes and gives the digest of the whole file. */
  finish(): Promise<WrittenFile>;
  /** Syncs and closes without a digest, so that a later attempt goes on from here. */
  suspend(): Promise<void>;
}

/**
 * Opens `path` for writing.
 *
 * @param resume keeps the content that is there (it is hashed first) and appends; otherwise the file starts empty
 */
export async function openDigestWriter(path: string, options: { readonly resume: boolean }): Promise<DigestWriter> {
  const handle = await open(path, options.resume ? 'a' : 'w', 0o600);
  const hash = createHash('sha256');
  let sizeBytes = 0;
  try {
    if (options.resume) {
      for await (const chunk of createReadStream(path)) {
        hash.update(chunk as Buffer);
        sizeBytes += (chunk as Buffer).byteLength;
      }
    }
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
  const close = async (): Promise<void> => {
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  };
  return {
    get sizeBytes() {
      return sizeBytes;
    },
    async write(chunk) {
      let offset = 0;
      while (offset < chunk.byteLength) {
        const { bytesWritten } = await handle.write(chunk, offset, chunk.byteLength - offset);
        offset += bytesWritten;
      }
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
    },
    async finish() {
      await close();
      return { digest: asId<Digest>(`sha256:${hash.digest('hex')}`), sizeBytes };
    },
    suspend: close,
  };
}

/** Digest and size of a file. */
export async function hashFile(path: string): Promise<WrittenFile> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer);
    sizeBytes += (chunk as Buffer).byteLength;
  }
  return { digest: asId<Digest>(`sha256:${hash.digest('hex')}`), sizeBytes };
}

/** The 64 hex digits of a digest: what files are named by. */
export const hexOf = (digest: Digest): string => digest.slice('sha256:'.length);

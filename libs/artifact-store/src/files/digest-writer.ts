import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { asId, TaktError } from '@takt/kernel';
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
    if (options.resume) sizeBytes = await hashInto(hash, path);
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

/** Digest and size of a regular file. @throws TaktError `FileNotRegular`; nothing else is read, because that might never end */
export async function hashFile(path: string): Promise<WrittenFile> {
  const hash = createHash('sha256');
  const sizeBytes = await hashInto(hash, path);
  return { digest: asId<Digest>(`sha256:${hash.digest('hex')}`), sizeBytes };
}

async function hashInto(hash: Hash, path: string): Promise<number> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  // The stream closes the file when it ends, also by an error.
  const content = handle.createReadStream();
  try {
    if (!(await handle.stat()).isFile()) throw notRegular(path);
    let sizeBytes = 0;
    for await (const chunk of content) {
      hash.update(chunk as Buffer);
      sizeBytes += (chunk as Buffer).byteLength;
    }
    return sizeBytes;
  } finally {
    content.destroy();
  }
}

const notRegular = (path: string): TaktError =>
  new TaktError({
    code: 'FileNotRegular',
    message: `${path} is not a regular file`,
    action: 'put a regular file in its place',
    component: 'artifact-store',
    element: path,
  });

/** The 64 hex digits of a digest: what files are named by. */
export const hexOf = (digest: Digest): string => digest.slice('sha256:'.length);

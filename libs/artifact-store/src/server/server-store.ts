import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { asId, TaktError } from '@takt/kernel';
import type { Digest } from '@takt/kernel';

export interface ServerArtifactStoreOptions {
  readonly root: string;
  /** Largest file that is taken, in bytes. */
  readonly maxBytes: number;
  /** Space that an upload must leave free on the file system, in bytes. Default 64 MiB. */
  readonly reserveBytes?: number;
}
export interface StoredArtifact {
  readonly digest: Digest;
  readonly sizeBytes: number;
}
export interface PutOptions {
  /** Refused when the content has another digest. */
  readonly expected?: Digest;
  /** Announced size, checked against the limit and the free space before a byte is written. */
  readonly announcedBytes?: number;
  /** Lower limit than the store's own. */
  readonly maxBytes?: number;
}

const MIB = 1024 * 1024;
const CHECK_SPACE_EVERY = 16 * MIB;

/**
 * Content-addressed files of the control plane, `<root>/sha256/<hex>`. A file has its name only when it is whole, checked
 * and on disk; an upload that is cut off leaves nothing.
 */
export class ServerArtifactStore {
  readonly #options: ServerArtifactStoreOptions;

  constructor(options: ServerArtifactStoreOptions) {
    this.#options = options;
  }

  /** Makes the folders and removes what uploads left that a kill cut off. Call once, before the first upload. */
  async open(): Promise<void> {
    await mkdir(this.#folder('sha256'), { recursive: true, mode: 0o700 });
    await mkdir(this.#folder('incoming'), { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#folder('incoming'))) await rm(join(this.#folder('incoming'), name), { force: true });
  }

  /**
   * Stores a stream. Storing content that is there already changes nothing.
   *
   * @throws TaktError `ArtifactTooLarge`, `ArtifactDigestMismatch`, `StorageFull`, `UploadInterrupted`
   */
  async put(content: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<StoredArtifact> {
    const limit = Math.min(options.maxBytes ?? Infinity, this.#options.maxBytes);
    if ((options.announcedBytes ?? 0) > limit) throw tooLarge(limit);
    await this.#requireSpace(options.announcedBytes ?? 0);
    const temporary = join(this.#folder('incoming'), randomUUID());
    try {
      const stored = await this.#receive(content, temporary, limit);
      if (options.expected !== undefined && options.expected !== stored.digest) {
        throw new TaktError({
          code: 'ArtifactDigestMismatch',
          message: `the content has digest ${stored.digest}, not ${options.expected} as announced`,
          action: 'send the file again; if it happens again, compute its SHA-256 anew',
          component: 'artifact-store',
          element: options.expected,
        });
      }
      await rename(temporary, this.path(stored.digest));
      await syncFolder(this.#folder('sha256'));
      return stored;
    } catch (thrown) {
      throw isFull(thrown) ? storageFull(thrown) : thrown;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Size in bytes, undefined where the store does not have it. */
  async size(digest: Digest): Promise<number | undefined> {
    const found = await stat(this.path(digest)).catch(() => undefined);
    return found?.size;
  }

  path(digest: Digest): string {
    return join(this.#folder('sha256'), digest.slice('sha256:'.length));
  }

  read(digest: Digest): Readable {
    return createReadStream(this.path(digest));
  }

  #folder(name: string): string {
    return join(this.#options.root, name);
  }

  async #receive(content: AsyncIterable<Uint8Array>, temporary: string, limit: number): Promise<StoredArtifact> {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    let checkedAt = 0;
    const file = await open(temporary, 'wx', 0o600);
    try {
      for await (const chunk of received(content)) {
        sizeBytes += chunk.byteLength;
        if (sizeBytes > limit) throw tooLarge(limit);
        if (sizeBytes - checkedAt > CHECK_SPACE_EVERY) {
          checkedAt = sizeBytes;
          await this.#requireSpace(0);
        }
        hash.update(chunk);
        await writeAll(file, chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    return { digest: asId<Digest>(`sha256:${hash.digest('hex')}`), sizeBytes };
  }

  async #requireSpace(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#options.root);
    if (bavail * bsize < bytes + (this.#options.reserveBytes ?? 64 * MIB)) throw storageFull();
  }
}

/** A sender that goes away is its own kind of failure, told apart from failures of the disk. */
async function* received(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = content[Symbol.asyncIterator]();
  try {
    for (;;) {
      let next: IteratorResult<Uint8Array>;
      try {
        next = await iterator.next();
      } catch (cause) {
        throw new TaktError({
          code: 'UploadInterrupted',
          message: 'the upload ended before its last byte',
          action: 'send the file again',
          component: 'artifact-store',
          retryable: true,
          cause,
        });
      }
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.byteLength;) {
    const { bytesWritten } = await file.write(chunk, offset, chunk.byteLength - offset);
    offset += bytesWritten;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const isFull = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT');

const storageFull = (cause?: unknown): TaktError =>
  new TaktError({
    code: 'StorageFull',
    message: 'the artifact store of the control plane has no room for this file',
    action: 'free space on its disk, or give it a larger one, and send the file again',
    component: 'artifact-store',
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  });

const tooLarge = (limit: number): TaktError =>
  new TaktError({
    code: 'ArtifactTooLarge',
    message: `the file is larger than the limit of ${String(limit)} bytes`,
    action: 'send a smaller file, or raise TAKT_MAX_ARTIFACT_BYTES of the control plane',
    component: 'artifact-store',
  });

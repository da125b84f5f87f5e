import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
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
  /** Looks at the first bytes, {@link HEAD_BYTES} of them where the file has as many, and throws where they are not welcome. */
  readonly checkHead?: (head: Uint8Array) => void;
}
/** Gives a received file its name, once; what registers it decides when. */
export type Place = () => Promise<void>;

/** Bytes that `checkHead` is given: one block of a tar. */
export const HEAD_BYTES = 512;

const MIB = 1024 * 1024;
const CHECK_SPACE_EVERY = 16 * MIB;
/** A file that no byte came to for this long is of no upload: a connection that is silent is closed long before. */
const ABANDONED_MS = 15 * 60_000;

/**
 * Content-addressed files of the control plane, `<root>/sha256/<hex>`. A file has its name only when it is whole, checked
 * and on disk; an upload that is cut off leaves nothing.
 */
export class ServerArtifactStore {
  readonly #options: ServerArtifactStoreOptions;

  constructor(options: ServerArtifactStoreOptions) {
    this.#options = options;
  }

  /** Makes the folders and removes what uploads left that were cut off a while ago. Call once, before the first upload. */
  async open(): Promise<void> {
    await mkdir(this.#folder('sha256'), { recursive: true, mode: 0o700 });
    await mkdir(this.#folder('incoming'), { recursive: true, mode: 0o700 });
    await this.removeAbandoned();
  }

  /** Removes files of uploads that were cut off by a kill; those of uploads that run, here or in another replica, stay. */
  async removeAbandoned(now: number = Date.now()): Promise<number> {
    let removed = 0;
    for (const name of await readdir(this.#folder('incoming'))) {
      const path = join(this.#folder('incoming'), name);
      const found = await stat(path).catch(() => undefined);
      if (found === undefined || now - found.mtimeMs < ABANDONED_MS) continue;
      await rm(path, { force: true });
      removed += 1;
    }
    return removed;
  }

  /** Refuses what {@link put} would refuse of a file of this size. @throws TaktError `ArtifactTooLarge`, `StorageFull` */
  async requireRoom(announcedBytes: number, maxBytes = Infinity): Promise<void> {
    const limit = Math.min(maxBytes, this.#options.maxBytes);
    if (announcedBytes > limit) throw tooLarge(limit);
    await this.#requireSpace(announcedBytes);
  }

  /** Writes a byte and removes it, and says how much room there is. Rejects where the folder cannot be written. */
  async probe(): Promise<{ readonly freeBytes: number }> {
    const path = join(this.#folder('incoming'), randomUUID());
    try {
      await writeFile(path, '.', { mode: 0o600 });
    } finally {
      // On a full disk the file is there, without its byte.
      await rm(path, { force: true });
    }
    const { bavail, bsize } = await statfs(this.#options.root);
    return { freeBytes: bavail * bsize };
  }

  /**
   * Stores a stream. Storing content that is there already changes nothing.
   *
   * @param register runs when the file is whole and checked, and calls `place` where it takes it: so it can hold a lock over
   *   both, the file's name and what refers to it
   * @throws TaktError `ArtifactTooLarge`, `ArtifactDigestMismatch`, `StorageFull`, `UploadInterrupted`
   */
  async put(
    content: AsyncIterable<Uint8Array>,
    options: PutOptions = {},
    register: (stored: StoredArtifact, place: Place) => Promise<void> = (_, place) => place(),
  ): Promise<StoredArtifact> {
    const limit = Math.min(options.maxBytes ?? Infinity, this.#options.maxBytes);
    await this.requireRoom(options.announcedBytes ?? 0, limit);
    const temporary = join(this.#folder('incoming'), randomUUID());
    try {
      const stored = await this.#receive(content, temporary, limit, options.checkHead);
      if (options.expected !== undefined && options.expected !== stored.digest) {
        throw new TaktError({
          code: 'ArtifactDigestMismatch',
          message: `the content has digest ${stored.digest}, not ${options.expected} as announced`,
          action: 'send the file again; if it happens again, compute its SHA-256 anew',
          component: 'artifact-store',
          element: options.expected,
        });
      }
      let placed = false;
      await register(stored, async () => {
        if (placed) return;
        await rename(temporary, this.path(stored.digest));
        await syncFolder(this.#folder('sha256'));
        placed = true;
      });
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

  /** Removes a file; nothing happens where there is none. */
  async remove(digest: Digest): Promise<void> {
    await rm(this.path(digest), { force: true });
  }

  /**
   * Looks at the next `limit` files in order of their digests, and gives those that are older than `before` (ms since the epoch).
   * `next` goes on from there; undefined begins again.
   */
  async olderThan(before: number, after: Digest | undefined, limit: number): Promise<{ old: Digest[]; next: Digest | undefined }> {
    const names = (await readdir(this.#folder('sha256'))).map((name) => asId<Digest>(`sha256:${name}`)).sort();
    const page = names.filter((digest) => after === undefined || digest > after).slice(0, limit);
    const found = await Promise.all(page.map(async (digest) => ({ digest, file: await stat(this.path(digest)).catch(() => undefined) })));
    const old = found.filter(({ file }) => file !== undefined && file.mtimeMs < before).map(({ digest }) => digest);
    return { old, next: page.length < limit ? undefined : page.at(-1) };
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

  async #receive(
    content: AsyncIterable<Uint8Array>,
    temporary: string,
    limit: number,
    checkHead: ((head: Uint8Array) => void) | undefined,
  ): Promise<StoredArtifact> {
    const head = headCheck(checkHead);
    const hash = createHash('sha256');
    let sizeBytes = 0;
    let checkedAt = 0;
    const file = await open(temporary, 'wx', 0o600);
    try {
      for await (const chunk of received(content)) {
        sizeBytes += chunk.byteLength;
        if (sizeBytes > limit) throw tooLarge(limit);
        head.add(chunk);
        if (sizeBytes - checkedAt > CHECK_SPACE_EVERY) {
          checkedAt = sizeBytes;
          await this.#requireSpace(0);
        }
        hash.update(chunk);
        await writeAll(file, chunk);
      }
      head.end();
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

/** Collects the first bytes of a file, however they are cut into chunks, and has them looked at once. */
function headCheck(check: ((head: Uint8Array) => void) | undefined): { add(chunk: Uint8Array): void; end(): void } {
  let head = Buffer.alloc(0);
  let open = check !== undefined;
  const end = (): void => {
    if (open) check?.(head);
    open = false;
  };
  return {
    add: (chunk) => {
      if (!open) return;
      head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
      if (head.length === HEAD_BYTES) end();
    },
    end,
  };
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

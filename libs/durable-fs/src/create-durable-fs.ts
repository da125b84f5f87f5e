import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import type { DurableFs } from '@takt/kernel';
import { TEMPORARY_SUFFIX } from './operation.js';
import type { DurableFsOptions, FileOperation } from './operation.js';
import { readRegularFile } from './read-regular-file.js';

/** Bytes of a file that is read as a whole: far above any document, far below the memory of a node. */
export const READ_MAX_BYTES = 64 * 1024 * 1024;

const codeOf = (thrown: unknown): string | undefined => (thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined);
const isMissing = (thrown: unknown): boolean => codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR';

/** File system that implements the kernel's {@link DurableFs} port: temp file, fsync, rename, folder fsync. */
export function createDurableFs(options: DurableFsOptions = {}): DurableFs {
  const before = (operation: FileOperation): void => options.before?.(operation);

  const syncFolder = async (path: string): Promise<void> => {
    before({ kind: 'fsync-folder', path });
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  };

  /** Makes the folder and puts its name, and the name of every parent that was missing, on disk. */
  const makeFolder = async (path: string): Promise<void> => {
    before({ kind: 'mkdir', path });
    const firstMade = await mkdir(path, { recursive: true });
    if (firstMade === undefined) return;
    const top = dirname(resolve(firstMade));
    for (let folder = dirname(resolve(path)); folder.length >= top.length; folder = dirname(folder)) {
      await syncFolder(folder);
      if (folder === dirname(folder)) break;
    }
  };

  const fill = async (handle: FileHandle, path: string, content: Uint8Array | string, mode: number): Promise<void> => {
    before({ kind: 'write', path });
    await handle.writeFile(content);
    await handle.chmod(mode);
    before({ kind: 'fsync', path });
    await handle.sync();
  };

  return {
    async read(path) {
      try {
        return await readRegularFile(path, READ_MAX_BYTES);
      } catch (thrown) {
        if (isMissing(thrown)) return undefined;
        throw thrown;
      }
    },

    async write(path, content, mode = 0o600) {
      const folder = dirname(path);
      await makeFolder(folder);
      const temporary = join(folder, `.${basename(path)}.${randomUUID()}${TEMPORARY_SUFFIX}`);
      before({ kind: 'create', path: temporary });
      const handle = await open(temporary, 'wx', mode);
      try {
        try {
          await fill(handle, temporary, content, mode);
        } finally {
          await handle.close();
        }
        before({ kind: 'rename', path: temporary, to: path });
        await rename(temporary, path);
      } catch (thrown) {
        // A full disk must not stay full of half-written files; a real crash leaves one, which the sweep removes.
        await rm(temporary, { force: true }).catch(() => undefined);
        throw thrown;
      }
      await syncFolder(folder);
    },

    async remove(path) {
      before({ kind: 'remove', path });
      try {
        // `force` passes over a missing name, not over a file in the place of a parent.
        await rm(path, { recursive: true, force: true });
        await syncFolder(dirname(path));
      } catch (thrown) {
        if (!isMissing(thrown)) throw thrown;
      }
    },

    async publish(from, to) {
      await makeFolder(dirname(to));
      before({ kind: 'rename', path: from, to });
      await rename(from, to);
      await syncFolder(dirname(to));
      if (resolve(dirname(from)) !== resolve(dirname(to))) await syncFolder(dirname(from));
    },

    async list(path) {
      try {
        const names = await readdir(path);
        return names.filter((name) => !name.endsWith(TEMPORARY_SUFFIX)).sort();
      } catch (thrown) {
        if (isMissing(thrown)) return [];
        throw thrown;
      }
    },
  };
}

import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { TaktError } from '@takt/kernel';
import { kindOf } from './file-kind.js';

/**
 * Reads a whole file that a person, a folder or a message names. Links to regular files are followed. A FIFO, a device, a
 * socket or a folder is refused without a read, so that none of them can hang the caller or fill its memory.
 *
 * @param maxBytes limit of its size, bytes; holds also for a file that grows while it is read.
 * @throws TaktError `FileNotRegular` or `FileTooLarge`; the file system's own error (`ENOENT`, `EACCES`, `ELOOP`…) otherwise.
 */
export async function readRegularFile(path: string, maxBytes: number): Promise<Uint8Array> {
  // Before it is opened: opening a device may have effects. After it again: the name may stand for another file by then.
  requireRegular(path, await stat(path), maxBytes);
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stats = await handle.stat();
    requireRegular(path, stats, maxBytes);
    return await readToEnd(handle, path, stats.size, maxBytes);
  } finally {
    await handle.close();
  }
}

async function readToEnd(handle: FileHandle, path: string, size: number, maxBytes: number): Promise<Uint8Array> {
  // One byte more than is expected shows the end of the file without a second buffer.
  let buffer = Buffer.allocUnsafeSlow(size + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
    length += bytesRead;
    if (length > maxBytes) throw tooLarge(path, `more than ${String(maxBytes)}`, maxBytes);
    if (bytesRead === 0) return buffer.subarray(0, length);
    if (length < buffer.length) continue;
    const larger = Buffer.allocUnsafeSlow(Math.min(maxBytes + 1, Math.max(64 * 1024, 2 * buffer.length)));
    buffer.copy(larger);
    buffer = larger;
  }
}

function requireRegular(path: string, stats: Stats, maxBytes: number): void {
  if (!stats.isFile()) {
    throw new TaktError({
      code: 'FileNotRegular',
      message: `${path} is ${kindOf(stats)}, not a regular file`,
      action: 'name a regular file, or a link to one',
      component: 'durable-fs',
      element: path,
    });
  }
  if (stats.size > maxBytes) throw tooLarge(path, String(stats.size), maxBytes);
}

const tooLarge = (path: string, bytes: string, maxBytes: number): TaktError =>
  new TaktError({
    code: 'FileTooLarge',
    message: `${path} has ${bytes} bytes; the limit for such a file is ${String(maxBytes)}`,
    action: 'check that the right file is named, or make it smaller',
    component: 'durable-fs',
    element: path,
  });

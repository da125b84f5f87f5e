import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';

const inflate = promisify(inflateRaw);

/** Signatures and sizes of PKWARE's APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16. */
const END = { signature: 0x06054b50, size: 22, longestComment: 0xffff };
const CENTRAL = { signature: 0x02014b50, size: 46 };
const LOCAL = { size: 30 };
const Method = { stored: 0, deflated: 8 } as const;

interface Entry {
  readonly path: string;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly offset: number;
}

/**
 * Unpacks the files of a zip archive that `wanted` takes into `folder`: what a machine without `unzip` needs to open a wheel.
 *
 * @returns paths within the archive
 * @throws Error where the archive is not whole, or names a path outside of `folder`
 */
export async function unzip(archive: Uint8Array, folder: string, wanted: (path: string) => boolean): Promise<string[]> {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const chosen = readEntries(bytes).filter(({ path }) => !path.endsWith('/') && wanted(path));
  for (const entry of chosen) {
    const target = normalize(join(folder, entry.path));
    if (!target.startsWith(normalize(`${folder}/`))) throw new Error(`the archive names a path outside of it: ${entry.path}`);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, await unpack(bytes, entry));
  }
  return chosen.map(({ path }) => path);
}

function readEntries(bytes: Buffer): Entry[] {
  const end = findEnd(bytes);
  const entries: Entry[] = [];
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (at + CENTRAL.size > bytes.length || bytes.readUInt32LE(at) !== CENTRAL.signature)
      throw new Error('the archive has no whole directory');
    const nameLength = bytes.readUInt16LE(at + 28);
    entries.push({
      path: bytes.toString('utf8', at + CENTRAL.size, at + CENTRAL.size + nameLength),
      method: bytes.readUInt16LE(at + 10),
      crc: bytes.readUInt32LE(at + 16),
      packedBytes: bytes.readUInt32LE(at + 20),
      bytes: bytes.readUInt32LE(at + 24),
      offset: bytes.readUInt32LE(at + 42),
    });
    at += CENTRAL.size + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return entries;
}

/** The end record stands at the end, before a comment of any length. */
function findEnd(bytes: Buffer): number {
  const first = Math.max(0, bytes.length - END.size - END.longestComment);
  for (let at = bytes.length - END.size; at >= first; at -= 1) if (bytes.readUInt32LE(at) === END.signature) return at;
  throw new Error('it is no zip archive, or not a whole one');
}

async function unpack(bytes: Buffer, entry: Entry): Promise<Uint8Array> {
  const { path, method, crc, packedBytes, offset } = entry;
  // The local header repeats the names, with lengths of its own.
  const start = offset + LOCAL.size + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28);
  const packed = bytes.subarray(start, start + packedBytes);
  if (method !== Method.stored && method !== Method.deflated) throw new Error(`${path} is packed in an unknown way (${String(method)})`);
  const content = method === Method.stored ? packed : await inflate(packed);
  if (content.length !== entry.bytes || crc32(content) !== crc) throw new Error(`${path} is damaged in the archive`);
  return content;
}

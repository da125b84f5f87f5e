import { addAbortSignal } from 'node:stream';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { TaktError } from '@takt/kernel';
import { PeekedSource } from './peeked-source.js';

export interface ArchiveSummary {
  readonly images: number;
  /** Text files beside `images/` in a YOLO layout: `labels/….txt`. */
  readonly labels: number;
  /** `data.yaml` at the top, which is where a node looks for it. */
  readonly hasDataYaml: boolean;
  /** Path of one elsewhere, or of another spelling; null where there is none. */
  readonly misplacedDataYaml: string | null;
}

const IMAGE = /\.(?:jpe?g|png|bmp|webp)$/i;
const LABEL = /(?:^|\/)labels\/.*\.txt$/;
const DATA_YAML = /^(?:\.\/)?data\.yaml$/;
const ANY_DATA_YAML = /(?:^|\/)data\.ya?ml$/i;

/** What a look into an archive may cost, so that a small file that unpacks to a huge one is refused. */
export interface ArchiveLimits {
  /** Bytes of the tar itself, unpacked from gzip. */
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** Ends the look; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Reads a tar (plain or gzip) without unpacking it to disk and says what is in it. Where the content itself cannot be read, that
 * failure is thrown as it is: it says nothing about the archive.
 *
 * @throws TaktError `DatasetNotAnArchive` on anything that is no whole tar; `DatasetTooLarge` over a limit; `DatasetUnsafePath` where
 *   an entry is a link or would leave the folder it is unpacked into
 */
export async function summarizeArchive(content: Readable, { maxBytes, maxEntries, signal }: ArchiveLimits): Promise<ArchiveSummary> {
  let images = 0;
  let labels = 0;
  let hasDataYaml = false;
  let misplacedDataYaml: string | null = null;
  let entries = 0;
  let fault: TaktError | undefined;
  let isOver = false;
  const source = new PeekedSource(content);
  // Loaded on use: the agent shares this package and has 9 MiB to spare for nothing.
  const { Parser } = await import('tar');
  const parser = new Parser({
    strict: true,
    zstd: false,
    onReadEntry: (entry) => {
      entries += 1;
      if (entries > maxEntries) fault ??= tooLarge(`more than ${String(maxEntries)} files and folders`);
      const path = entry.path;
      if (!['File', 'OldFile', 'Directory'].includes(entry.type) || path.startsWith('/') || path.split('/').includes('..'))
        fault ??= unsafe(path);
      if (IMAGE.test(path)) images += 1;
      if (LABEL.test(path)) labels += 1;
      if (DATA_YAML.test(path)) hasDataYaml = true;
      else if (ANY_DATA_YAML.test(path)) misplacedDataYaml ??= path;
      entry.resume();
    },
  });
  parser.on('eof', () => (isOver = true));
  parser.on('error', (error: unknown) => (fault ??= notAnArchive(error)));
  /**
   * The parser would unpack a second layer of gzip without a limit, and keep all that follows the end of the tar. It never makes its
   * writer wait, since no entry is read.
   */
  const parse = async (tar: AsyncIterable<Buffer>): Promise<void> => {
    let bytes = 0;
    for await (const chunk of tar) {
      signal?.throwIfAborted();
      if (bytes === 0 && isGzip(chunk)) throw notAnArchive();
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(`more than ${String(maxBytes)} bytes when it is unpacked`);
      if (!isOver) parser.write(chunk);
      if (fault !== undefined) throw fault;
    }
    parser.end();
    if (fault !== undefined) throw fault;
  };
  try {
    if (signal !== undefined) addAbortSignal(signal, content);
    // Unpacked outside of the event loop, a little at a time.
    if (isGzip(await source.peek(2))) await pipeline(source.chunks(), createGunzip(), parse);
    else await parse(source.chunks());
  } catch (cause) {
    signal?.throwIfAborted();
    if (source.failure !== undefined) throw source.failure;
    throw cause instanceof TaktError ? cause : notAnArchive(cause);
  } finally {
    content.destroy();
  }
  if (entries === 0) throw notAnArchive();
  return { images, labels, hasDataYaml, misplacedDataYaml };
}

const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;

/**
 * Refuses a file by its first block, before the rest of it has come: it is a gzip stream, or the checksum of a tar header is right.
 *
 * @throws TaktError `DatasetNotAnArchive`
 */
export function requireArchiveHead(head: Uint8Array): void {
  if (isGzip(head)) return;
  const stated = Number.parseInt(new TextDecoder().decode(head.subarray(148, 156)), 8);
  // The checksum counts its own field as blanks.
  const sum = head.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (head.length < 512 || stated !== sum) throw notAnArchive();
}

const notAnArchive = (cause?: unknown): TaktError =>
  new TaktError({
    code: 'DatasetNotAnArchive',
    message: 'the data set is no whole tar archive',
    action: 'push the folder with `takt dataset push DIR`, which packs it',
    component: 'artifact-store',
    ...(cause === undefined ? {} : { cause }),
  });

const tooLarge = (holds: string): TaktError =>
  new TaktError({
    code: 'DatasetTooLarge',
    message: `the archive holds ${holds}`,
    action: 'push a smaller data set, or raise TAKT_MAX_ARTIFACT_BYTES of the control plane',
    component: 'artifact-store',
  });

const unsafe = (path: string): TaktError =>
  new TaktError({
    code: 'DatasetUnsafePath',
    message: `the archive entry "${path}" is a link or leaves its folder`,
    action: 'pack plain files with relative paths only',
    component: 'artifact-store',
    element: path,
  });

import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TaktError } from '@takt/kernel';

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

/**
 * Reads a tar (plain or gzip) without unpacking it and says what is in it.
 *
 * @throws TaktError `DatasetNotAnArchive` on anything that is no whole tar; `DatasetUnsafePath` where an entry is a link or
 *   would leave the folder it is unpacked into
 */
export async function summarizeArchive(content: Readable): Promise<ArchiveSummary> {
  let images = 0;
  let labels = 0;
  let hasDataYaml = false;
  let misplacedDataYaml: string | null = null;
  let entries = 0;
  let fault: TaktError | undefined;
  // Loaded on use: the agent shares this package and has 9 MiB to spare for nothing.
  const { Parser } = await import('tar');
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      entries += 1;
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
  try {
    await pipeline(content, parser as unknown as NodeJS.WritableStream);
  } catch (cause) {
    throw notAnArchive(cause);
  }
  if (fault !== undefined) throw fault;
  if (entries === 0) throw notAnArchive();
  return { images, labels, hasDataYaml, misplacedDataYaml };
}

/**
 * Refuses a file by its first block, before the rest of it has come: it is a gzip stream, or the checksum of a tar header is right.
 *
 * @throws TaktError `DatasetNotAnArchive`
 */
export function requireArchiveHead(head: Uint8Array): void {
  if (head[0] === 0x1f && head[1] === 0x8b) return;
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

const unsafe = (path: string): TaktError =>
  new TaktError({
    code: 'DatasetUnsafePath',
    message: `the archive entry "${path}" is a link or leaves its folder`,
    action: 'pack plain files with relative paths only',
    component: 'artifact-store',
    element: path,
  });

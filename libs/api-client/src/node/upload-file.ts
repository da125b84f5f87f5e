import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import type { ArtifactRef, UploadPurpose } from '@takt/contracts';
import { TaktError, asId } from '@takt/kernel';
import type { Digest } from '@takt/kernel';
import type { ApiClient } from '../create-api-client.js';

export interface UploadOptions {
  /** Name kept with the file; its own where it is left out. */
  readonly fileName?: string;
  /** What it is for; a model has a lower limit, and models and data sets are refused by their first bytes. Default `file`. */
  readonly as?: UploadPurpose;
  readonly signal?: AbortSignal | undefined;
  /** Time without a byte taken, or without an answer after the last one, after which the upload is given up, ms. Default 120 000. */
  readonly stallMs?: number;
  /** Bytes done of the file's size, once while it is hashed and once while it is sent. */
  readonly onProgress?: (phase: 'hashing' | 'sending', doneBytes: number, totalBytes: number) => void;
}

const CHUNK_BYTES = 256 * 1024;
const STALL_MS = 120_000;

/** Makes a name that the server takes: characters outside its alphabet become `-`. */
export const artifactFileName = (path: string): string =>
  basename(path)
    .replace(/[^\w.@+-]/g, '-')
    .slice(-200) || 'file.bin';

/** Size of a readable file; a TaktError that names it where it is none. */
async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((thrown: unknown) => {
    throw TaktError.from(thrown, {
      code: 'FileUnreadable',
      action: 'check the path and its permissions',
      component: 'api-client',
      element: path,
    });
  });
  if (!found.isFile()) {
    throw new TaktError({
      code: 'FileUnreadable',
      message: `${path} is not a file`,
      action: 'give the path of a file',
      component: 'api-client',
      element: path,
    });
  }
  return found.size;
}

/** Reads a file chunk by chunk; memory stays at a few chunks whatever its size. */
async function* chunksOf(path: string, report: (done: number) => void, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  let done = 0;
  for await (const chunk of createReadStream(path, {
    highWaterMark: CHUNK_BYTES,
    ...(signal === undefined ? {} : { signal }),
  }) as AsyncIterable<Buffer>) {
    done += chunk.length;
    yield chunk;
    report(done);
  }
}

/** SHA-256 of a file's bytes, streamed. */
export async function digestOfFile(path: string, report: (done: number) => void = () => undefined, signal?: AbortSignal): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of chunksOf(path, report, signal)) hash.update(chunk);
  return asId<Digest>(`sha256:${hash.digest('hex')}`);
}

/**
 * Asks whether a file of this size is taken, then sends it under its own digest. The file is read twice: the digest goes into the
 * address, so that the server refuses bytes that changed on the way or under our hands.
 *
 * @throws TaktError `FileUnreadable`, `UploadStalled`, or what the server refuses (`ArtifactDigestMismatch`, too large, no room…).
 */
export async function uploadFile(
  client: Pick<ApiClient, 'call' | 'putArtifact'>,
  path: string,
  options: UploadOptions = {},
): Promise<ArtifactRef> {
  const { signal, onProgress, as = 'file' } = options;
  const sizeBytes = await sizeOf(path);
  await client.call('checkUpload', { body: { sizeBytes, as } }, { signal });
  const digest = await digestOfFile(path, (done) => onProgress?.('hashing', done, sizeBytes), signal);
  const stalled = new AbortController();
  const stallMs = options.stallMs ?? STALL_MS;
  const watch = setTimeout(() => {
    stalled.abort();
  }, stallMs);
  const sent = (done: number): void => {
    watch.refresh();
    onProgress?.('sending', done, sizeBytes);
  };
  const source = Readable.from(chunksOf(path, sent, signal), { objectMode: false });
  const body = Readable.toWeb(source) as NodeReadableStream<Uint8Array> as unknown as ReadableStream<Uint8Array>;
  const ends = signal === undefined ? stalled.signal : AbortSignal.any([signal, stalled.signal]);
  try {
    return await client.putArtifact({
      digest,
      sizeBytes,
      fileName: options.fileName ?? artifactFileName(path),
      body,
      signal: ends,
      ...(as === 'file' ? {} : { as }),
    });
  } catch (thrown) {
    throw stalled.signal.aborted ? uploadStalled(path, stallMs, thrown) : thrown;
  } finally {
    clearTimeout(watch);
    source.destroy();
  }
}

const uploadStalled = (path: string, stallMs: number, cause: unknown): TaktError =>
  new TaktError({
    code: 'UploadStalled',
    message: `the control plane took no byte of ${path} and gave no answer for ${String(stallMs / 1000)} s`,
    action: 'check the connection and the health of the control plane, then send the file again',
    component: 'api-client',
    element: path,
    retryable: true,
    cause,
  });

import { mkdir, rm, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import type { ArtifactRef } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { DurableFs } from '@takt/kernel';
import { openDigestWriter } from '../files/digest-writer.js';
import type { DigestWriter } from '../files/digest-writer.js';
import { freeBytes, requireSpace, spaceError } from '../files/disk-space.js';
import { bodyText, httpCall } from '../files/http-client.js';

export interface DownloadOptions {
  /** URL for this attempt; asked again for each, because grants expire. */
  readonly url: () => Promise<string>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  /** Silence on the connection after which the attempt is given up, ms. Default 30 s. */
  readonly idleTimeoutMs?: number;
  /** Free bytes of a folder's file system. Default: asked of the system. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/**
 * Downloads one artifact to `target`. What an earlier, interrupted attempt left (`<target>.part`) is kept and continued
 * with a Range request; the file gets its name only after its digest was checked.
 *
 * @throws TaktError `NoSpaceLeft`, `DownloadInterrupted` (both retryable, the part is kept), `DownloadRefused`,
 *   `ArtifactDigestMismatch` (the part is deleted)
 */
export async function download(fs: DurableFs, ref: ArtifactRef, target: string, options: DownloadOptions): Promise<void> {
  const part = `${target}.part`;
  const folder = dirname(target);
  await mkdir(folder, { recursive: true });
  let have = await sizeOf(part);
  if (have === undefined || have > ref.sizeBytes) {
    await rm(part, { force: true, recursive: true });
    have = 0;
  }
  requireSpace(`artifact ${ref.fileName}`, folder, ref.sizeBytes - have, await (options.freeBytes ?? freeBytes)(folder));
  let writer: DigestWriter | undefined;
  let finished = false;
  try {
    if (have === ref.sizeBytes) {
      writer = await openDigestWriter(part, { resume: true });
    } else {
      const { response, resumed } = await open(ref, have, options);
      writer = await openDigestWriter(part, { resume: resumed });
      await receive(response, writer, ref, options);
    }
    const written = await writer.finish();
    finished = true;
    if (written.digest !== ref.digest) {
      await rm(part, { force: true });
      throw mismatch(ref, `its digest is ${written.digest}`);
    }
  } catch (thrown) {
    if (!finished) await writer?.suspend().catch(() => undefined);
    if (thrown instanceof TaktError) {
      if (thrown.code === 'ArtifactDigestMismatch') await rm(part, { force: true });
      throw thrown;
    }
    options.signal?.throwIfAborted();
    const full = spaceError(thrown, `artifact ${ref.fileName}`, folder);
    throw full instanceof TaktError ? full : interrupted(ref, thrown);
  }
  await fs.publish(part, target);
}

async function open(ref: ArtifactRef, have: number, options: DownloadOptions): Promise<{ response: IncomingMessage; resumed: boolean }> {
  const response = await httpCall({
    url: await options.url(),
    method: 'GET',
    headers: have > 0 ? { range: `bytes=${String(have)}-` } : {},
    idleTimeoutMs: options.idleTimeoutMs ?? 30_000,
    signal: options.signal,
  });
  if (response.statusCode === 206 && response.headers['content-range']?.startsWith(`bytes ${String(have)}-`) === true) {
    return { response, resumed: true };
  }
  // A server that ignores ranges sends the file from its start.
  if (response.statusCode === 200) return { response, resumed: false };
  throw await refused(ref, response);
}

async function receive(response: IncomingMessage, writer: DigestWriter, ref: ArtifactRef, options: DownloadOptions): Promise<void> {
  for await (const chunk of response) {
    if (writer.sizeBytes + (chunk as Buffer).byteLength > ref.sizeBytes) {
      response.destroy();
      throw mismatch(ref, `more than the announced ${String(ref.sizeBytes)} bytes came`);
    }
    await writer.write(chunk as Buffer);
    options.onProgress?.(writer.sizeBytes, ref.sizeBytes);
  }
  if (writer.sizeBytes < ref.sizeBytes) {
    throw new Error(`the connection ended after ${String(writer.sizeBytes)} of ${String(ref.sizeBytes)} bytes`);
  }
}

/** Size of a file, 0 where there is none; undefined for what is not a file. */
async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return 0;
  return found.isFile() ? found.size : undefined;
}

const mismatch = (ref: ArtifactRef, detail: string): TaktError =>
  new TaktError({
    code: 'ArtifactDigestMismatch',
    message: `artifact ${ref.fileName} (${ref.digest}) is not what was announced: ${detail}`,
    action: 'push the file again, or check the proxy between the node and the control plane',
    phase: 'fetching',
    component: 'artifact-store',
    element: ref.digest,
  });

const interrupted = (ref: ArtifactRef, cause: unknown): TaktError =>
  new TaktError({
    code: 'DownloadInterrupted',
    message: `the download of ${ref.fileName} (${ref.digest}) stopped: ${cause instanceof Error ? cause.message : String(cause)}`,
    action: 'nothing to do; it goes on from where it stopped',
    phase: 'fetching',
    component: 'artifact-store',
    element: ref.digest,
    retryable: true,
    cause,
  });

async function refused(ref: ArtifactRef, response: IncomingMessage): Promise<TaktError> {
  const status = response.statusCode ?? 0;
  const text = await bodyText(response).catch(() => '');
  response.destroy();
  const missing = status === 404 || status === 410;
  return new TaktError({
    code: 'DownloadRefused',
    message: `the control plane answered ${String(status)} for ${ref.fileName} (${ref.digest}): ${text.slice(0, 300)}`,
    action: missing ? 'push the file again' : 'nothing to do; a fresh grant is asked for',
    phase: 'fetching',
    component: 'artifact-store',
    element: ref.digest,
    retryable: !missing,
  });
}

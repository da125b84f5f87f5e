import type { ArtifactRef } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import { bodyText, httpCall } from '../files/http-client.js';

/**
 * Stores a file of this node in the control plane with PUT. The server answers 2xx also where it has the file already.
 *
 * @throws TaktError `UploadFailed`, retryable unless the server refuses the content itself (409, 413, 422)
 */
export async function upload(path: string, ref: ArtifactRef, url: string, signal?: AbortSignal): Promise<void> {
  const failed = (detail: string, retryable: boolean, cause?: unknown): TaktError =>
    new TaktError({
      code: 'UploadFailed',
      message: `${ref.fileName} (${ref.digest}) could not be stored: ${detail}`,
      action: retryable ? 'nothing to do; it is sent again' : 'look at the reason; the file is not what was announced or too large',
      component: 'artifact-store',
      element: ref.digest,
      retryable,
      cause,
    });
  const response = await httpCall({
    url,
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    bodyFile: { path, sizeBytes: ref.sizeBytes },
    idleTimeoutMs: 60_000,
    signal,
  }).catch((thrown: unknown) => {
    signal?.throwIfAborted();
    throw failed(thrown instanceof Error ? thrown.message : String(thrown), true, thrown);
  });
  const text = await bodyText(response).catch(() => '');
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299)
    throw failed(`the server answered ${String(status)}: ${text.slice(0, 300)}`, ![409, 413, 422].includes(status));
}

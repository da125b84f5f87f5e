import type { ApiClient } from '@takt/api-client';
import { uploadFile } from '@takt/api-client/node';
import type { ArtifactRef, UploadPurpose } from '@takt/contracts';
import { formatBytes } from '../render/figures.js';
import type { Cli } from './session.js';

/** Uploads a file and shows how far it is. */
export async function uploadWithProgress(cli: Cli, client: ApiClient, path: string, as: UploadPurpose): Promise<ArtifactRef> {
  const startedAt = { hashing: 0, sending: 0 };
  try {
    return await uploadFile(client, path, {
      signal: cli.signal,
      as,
      onProgress: (phase, done, total) => {
        if (startedAt[phase] === 0) startedAt[phase] = cli.now();
        const elapsed = (cli.now() - startedAt[phase]) / 1000;
        const etaSeconds = elapsed < 1 ? null : (elapsed / done) * (total - done);
        cli.output.progress.show({ label: phase, done, total, etaSeconds, message: `${formatBytes(done)} of ${formatBytes(total)}` });
      },
    });
  } finally {
    cli.output.progress.clear();
  }
}

import type { ServerArtifactStore } from '@takt/artifact-store';
import type { ArtifactRef } from '@takt/contracts';
import type { Clock, Digest } from '@takt/kernel';
import type { Database } from '@takt/persistence';

interface Upload {
  readonly content: AsyncIterable<Uint8Array>;
  readonly fileName: string;
  readonly expected?: Digest;
  readonly announcedBytes?: number;
  readonly maxBytes?: number;
}

/** Takes a file's bytes: on disk first, then the row, so that a row always has its file. */
export class StoreArtifact {
  constructor(
    private readonly db: Database,
    private readonly files: ServerArtifactStore,
    private readonly clock: Clock,
  ) {}

  async execute(actor: string, { content, fileName, ...options }: Upload): Promise<ArtifactRef> {
    const stored = await this.files.put(content, options);
    await this.db.transaction(async (stores) => {
      await stores.content.saveArtifact({ ...stored, fileName, createdBy: actor, createdAt: new Date(this.clock.now()) });
    });
    const artifact = await this.db.stores.content.findArtifact(stored.digest);
    return { ...stored, fileName: artifact?.fileName ?? fileName };
  }
}

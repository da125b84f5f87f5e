import type { ServerArtifactStore } from '@takt/artifact-store';
import type { ArtifactRef, UploadPurpose } from '@takt/contracts';
import { TaktError, asId } from '@takt/kernel';
import type { Clock, Digest, JobId } from '@takt/kernel';
import type { Database } from '@takt/persistence';
import { refused } from '../errors.js';
import type { ArtifactGrant } from '../http/context.js';
import { modelTooLarge } from './upload-limits.js';
import type { UploadLimits } from './upload-limits.js';
import { isOpen } from '../rollout/calibration.js';

interface Upload {
  readonly content: AsyncIterable<Uint8Array>;
  readonly fileName: string;
  readonly as: UploadPurpose;
  readonly expected?: Digest;
  readonly announcedBytes?: number;
  readonly maxBytes?: number;
  /** The job that the file is made by, and its node: a job that is over, or another node's, makes none. */
  readonly madeBy?: Pick<ArtifactGrant, 'jobId' | 'nodeId'>;
}

/** Takes a file's bytes: the file gets its name and its row under one lock, so that a row always has its file. */
export class StoreArtifact {
  constructor(
    private readonly db: Database,
    private readonly files: ServerArtifactStore,
    private readonly clock: Clock,
    private readonly limits: UploadLimits,
  ) {}

  async execute(actor: string, { content, fileName, as, madeBy, ...options }: Upload): Promise<ArtifactRef> {
    if (madeBy !== undefined) await this.#requireOpenJob(madeBy);
    await this.limits.check(as, options.announcedBytes ?? 0);
    const put = this.files.put(content, { ...options, ...this.limits.optionsFor(as) }, (found, place) =>
      this.db.transaction(async (stores) => {
        await stores.content.lockContent(found.digest);
        await place();
        await stores.content.saveArtifact({ ...found, fileName, purpose: as, createdBy: actor, createdAt: new Date(this.clock.now()) });
      }),
    );
    const stored = await put.catch((error: unknown) => {
      const isTooLarge = error instanceof TaktError && error.code === 'ArtifactTooLarge';
      throw isTooLarge && as === 'model' ? modelTooLarge(this.limits.maxModelBytes) : error;
    });
    const artifact = await this.db.stores.content.findArtifact(stored.digest);
    return { ...stored, fileName: artifact?.fileName ?? fileName };
  }

  async #requireOpenJob({ jobId, nodeId }: Pick<ArtifactGrant, 'jobId' | 'nodeId'>): Promise<void> {
    const job = await this.db.stores.jobs.find(asId<JobId>(jobId));
    if (job !== null && isOpen(job) && job.nodeId === nodeId) return;
    throw refused('GrantInvalid', 'the job that this file is for is over, or with another node', 'nothing to do', jobId);
  }
}

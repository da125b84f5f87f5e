import { randomUUID } from 'node:crypto';
import { summarizeArchive } from '@takt/artifact-store';
import type { ArchiveSummary, ServerArtifactStore } from '@takt/artifact-store';
import type { DatasetRole, DatasetView } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { Clock, DatasetId, Digest } from '@takt/kernel';
import type { Database, Dataset, Stores } from '@takt/persistence';
import { alreadyExists, notFound, refused } from '../errors.js';
import type { RequestContext } from '../http/context.js';
import { record } from '../record.js';
import { boundedLook } from './bounded-look.js';
import { inspectContent, registerContent } from './inspect-content.js';
import type { UnreferencedContent } from './unreferenced-content.js';
import type { UploadLimits } from './upload-limits.js';

/** Longest look into an archive, ms: the answer comes before the connection counts as silent. */
const LOOK_MS = 100_000;

async function toView(stores: Stores, dataset: Dataset): Promise<DatasetView> {
  const artifact = await stores.content.findArtifact(dataset.digest);
  return {
    id: dataset.id,
    name: dataset.name,
    role: dataset.role,
    artifact: { digest: dataset.digest, sizeBytes: artifact?.sizeBytes ?? 0, fileName: artifact?.fileName ?? 'dataset.tar' },
    images: dataset.images,
    createdAt: dataset.createdAt.toISOString(),
  };
}

function requireImages(summary: ArchiveSummary, name: string): void {
  if (summary.images === 0)
    throw refused('DatasetEmpty', `data set "${name}" has no images`, 'push a folder with JPEG, PNG, BMP or WebP images', name);
}

/** What is no golden set may still be one of another role: its file stays. */
function requireRole(summary: ArchiveSummary, role: DatasetRole, name: string): void {
  if (role === 'golden' && !summary.hasDataYaml && summary.misplacedDataYaml !== null) {
    throw refused(
      'DatasetLayoutWrong',
      `golden set "${name}" has ${summary.misplacedDataYaml}, but no data.yaml at its top`,
      'push the folder that holds data.yaml itself',
      name,
    );
  }
  if (role === 'golden' && (!summary.hasDataYaml || summary.labels === 0)) {
    throw refused(
      'DatasetWithoutLabels',
      `golden set "${name}" has ${summary.hasDataYaml ? 'no labels' : 'no data.yaml'}`,
      'push a YOLO layout: data.yaml, images/ and labels/',
      name,
    );
  }
}

export class DatasetQueries {
  constructor(private readonly db: Database) {}

  async list(_ctx: RequestContext): Promise<DatasetView[]> {
    const datasets = await this.db.stores.content.listDatasets();
    return Promise.all(datasets.map((dataset) => toView(this.db.stores, dataset)));
  }
}

/** Imports a stored tar as a data set, after a look at what is in it. */
export class CreateDataset {
  constructor(
    private readonly db: Database,
    private readonly files: ServerArtifactStore,
    private readonly clock: Clock,
    private readonly limits: Pick<UploadLimits, 'archive'>,
    private readonly unreferenced: Pick<UnreferencedContent, 'discard'>,
  ) {}

  /** @param gone aborts when the caller does not wait any more */
  async execute(
    ctx: RequestContext,
    input: { readonly name: string; readonly role: DatasetRole; readonly artifact: Digest },
    gone: AbortSignal,
  ): Promise<DatasetView> {
    if ((await this.db.stores.content.findArtifact(input.artifact)) === null) throw notFound('artifact', input.artifact);
    if ((await this.files.size(input.artifact)) === undefined) throw notFound('artifact', input.artifact);
    const inspected = { digest: input.artifact, createdBy: ctx.actor, purpose: 'dataset' } as const;
    const summary = await inspectContent(this.unreferenced, inspected, async () => {
      const found = await boundedLook({ limitMs: LOOK_MS, gone, of: input.name }, (signal) =>
        summarizeArchive(this.files.read(input.artifact), { ...this.limits.archive, signal }),
      );
      requireImages(found, input.name);
      return found;
    });
    requireRole(summary, input.role, input.name);
    const now = new Date(this.clock.now());
    return registerContent(input.artifact, () =>
      this.db.transaction(async (stores) => {
        const known = await stores.content.findDataset(input.name);
        if (known !== null && (known.digest !== input.artifact || known.role !== input.role)) throw alreadyExists('dataset', input.name);
        if (known !== null) return toView(stores, known);
        const dataset: Dataset = {
          id: asId<DatasetId>(randomUUID()),
          name: input.name,
          role: input.role,
          digest: input.artifact,
          images: summary.images,
          createdAt: now,
        };
        await stores.content.addDataset(dataset);
        record(stores, ctx.actor, now, {
          code: 'DatasetImported',
          message: `${ctx.actor} imported ${dataset.role} set ${dataset.name} with ${String(dataset.images)} images`,
          object: { kind: 'dataset', id: dataset.id, name: dataset.name },
          siteId: null,
        });
        return toView(stores, dataset);
      }),
    );
  }
}

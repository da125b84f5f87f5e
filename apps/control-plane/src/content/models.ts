import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ServerArtifactStore } from '@takt/artifact-store';
import type { ModelView } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { Clock, Digest, ModelId } from '@takt/kernel';
import { inspectModel, requireDetector } from '@takt/onnx';
import type { ModelInspection } from '@takt/onnx';
import type { Artifact, Database, Model, Stores } from '@takt/persistence';
import { alreadyExists, notFound } from '../errors.js';
import type { RequestContext } from '../http/context.js';
import { record } from '../record.js';
import { resolveModel } from '../resolve.js';
import { inspectContent, registerContent } from './inspect-content.js';
import type { UnreferencedContent } from './unreferenced-content.js';
import type { UploadLimits } from './upload-limits.js';
import { modelTooLarge } from './upload-limits.js';

const toInfo = (found: ModelInspection): ModelView['info'] => ({
  opset: found.opset,
  producer: found.producer,
  graphNodes: found.nodes,
  inputs: found.inputs.map(({ name, type, dims }) => ({ name, type, shape: dims.map((dim) => (dim === -1 ? '?' : dim)) })),
  outputs: found.outputs.map(({ name, type, dims }) => ({ name, type, shape: dims.map((dim) => (dim === -1 ? '?' : dim)) })),
  metadata: { ...found.metadata },
});

async function toView(stores: Stores, model: Model): Promise<ModelView> {
  const artifact = await stores.content.findArtifact(model.digest);
  return {
    id: model.id,
    name: model.name,
    version: model.version,
    artifact: { digest: model.digest, sizeBytes: artifact?.sizeBytes ?? 0, fileName: artifact?.fileName ?? 'model.onnx' },
    info: model.info,
    createdAt: model.createdAt.toISOString(),
  };
}

export class ModelQueries {
  constructor(private readonly db: Database) {}

  async list(_ctx: RequestContext): Promise<ModelView[]> {
    const models = await this.db.stores.content.listModels();
    return Promise.all(models.map((model) => toView(this.db.stores, model)));
  }

  async get(_ctx: RequestContext, ref: string): Promise<ModelView> {
    return toView(this.db.stores, await resolveModel(this.db.stores, ref));
  }
}

/** Imports a stored file as a model version, after the check of its bytes. */
export class CreateModel {
  constructor(
    private readonly db: Database,
    private readonly files: ServerArtifactStore,
    private readonly clock: Clock,
    private readonly limits: UploadLimits,
    private readonly unreferenced: Pick<UnreferencedContent, 'discard'>,
  ) {}

  async execute(
    ctx: RequestContext,
    input: { readonly name: string; readonly version: string; readonly artifact: Digest },
  ): Promise<ModelView> {
    const artifact = await this.db.stores.content.findArtifact(input.artifact);
    if (artifact === null) throw notFound('artifact', input.artifact);
    const info = await inspectContent(this.unreferenced, { digest: artifact.digest, createdBy: ctx.actor, purpose: 'model' }, async () =>
      toInfo(await this.#inspect(artifact)),
    );
    const now = new Date(this.clock.now());
    return registerContent(input.artifact, () =>
      this.db.transaction(async (stores) => {
        const known = await stores.content.findModel(`${input.name}@${input.version}`);
        if (known !== null && known.digest !== input.artifact) throw alreadyExists('model', `${input.name}@${input.version}`);
        if (known !== null) return toView(stores, known);
        const model: Model = {
          id: asId<ModelId>(randomUUID()),
          name: input.name,
          version: input.version,
          digest: input.artifact,
          info,
          createdAt: now,
        };
        await stores.content.addModel(model);
        record(stores, ctx.actor, now, {
          code: 'ModelImported',
          message: `${ctx.actor} imported model ${model.name}@${model.version}`,
          object: { kind: 'model', id: model.id, name: `${model.name}@${model.version}` },
          siteId: null,
          data: { digest: model.digest },
        });
        return toView(stores, model);
      }),
    );
  }

  async #inspect(artifact: Artifact): Promise<ModelInspection> {
    const { maxModelBytes } = this.limits;
    if (artifact.sizeBytes > maxModelBytes) throw modelTooLarge(maxModelBytes, artifact.sizeBytes);
    const inspection = inspectModel(await readFile(this.files.path(artifact.digest)));
    requireDetector(inspection);
    return inspection;
  }
}

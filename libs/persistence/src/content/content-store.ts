import type { DatasetRole, ModelView } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { DatasetId, Digest, ModelId } from '@takt/kernel';
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { bigint, insertRow, int, isUuid, json, key, table, text, time, uuid } from '../schema.js';

export interface Artifact {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly fileName: string;
  readonly createdBy: string;
  readonly createdAt: Date;
}
export interface Model {
  readonly id: ModelId;
  readonly name: string;
  readonly version: string;
  readonly digest: Digest;
  readonly info: ModelView['info'];
  readonly createdAt: Date;
}
export interface Dataset {
  readonly id: DatasetId;
  readonly name: string;
  readonly role: DatasetRole;
  readonly digest: Digest;
  readonly images: number;
  readonly createdAt: Date;
}

export const artifacts = table<Artifact>('artifacts', {
  digest: key(text),
  sizeBytes: bigint,
  fileName: text,
  createdBy: text,
  createdAt: time,
});
export const models = table<Model>('models', { id: key(uuid), name: text, version: text, digest: text, info: json, createdAt: time });
export const datasets = table<Dataset>('datasets', { id: key(uuid), name: text, role: text, digest: text, images: int, createdAt: time });

/** Files, and the models and data sets that are made of them. */
export class ContentStore {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  /** Content is immutable, so storing it again changes nothing. */
  async saveArtifact(artifact: Artifact): Promise<void> {
    await this.#manager.query(
      'INSERT INTO artifacts (digest, size_bytes, file_name, created_by, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (digest) DO NOTHING',
      [artifact.digest, artifact.sizeBytes, artifact.fileName, artifact.createdBy, artifact.createdAt],
    );
  }

  async findArtifact(digest: Digest): Promise<Artifact | null> {
    return this.#manager.getRepository(artifacts).findOneBy({ digest });
  }

  async artifactsByDigest(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, Artifact>> {
    const rows = await this.#manager.getRepository(artifacts).findBy({ digest: In([...digests]) });
    return new Map(rows.map((row) => [row.digest, row]));
  }

  async addModel(model: Model): Promise<void> {
    await insertRow(this.#manager, models, model);
  }

  async listModels(): Promise<Model[]> {
    return this.#manager.getRepository(models).find({ order: { createdAt: 'DESC' } });
  }

  /** By id, `name@version`, or a name alone, which means its newest version. */
  async findModel(ref: string): Promise<Model | null> {
    const repository = this.#manager.getRepository(models);
    if (isUuid(ref)) return repository.findOneBy({ id: asId<ModelId>(ref) });
    const at = ref.lastIndexOf('@');
    const where = at < 0 ? { name: ref } : { name: ref.slice(0, at), version: ref.slice(at + 1) };
    return repository.findOne({ where, order: { createdAt: 'DESC' } });
  }

  async addDataset(dataset: Dataset): Promise<void> {
    await insertRow(this.#manager, datasets, dataset);
  }

  async listDatasets(): Promise<Dataset[]> {
    return this.#manager.getRepository(datasets).find({ order: { createdAt: 'DESC' } });
  }

  /** By id or name. */
  async findDataset(ref: string): Promise<Dataset | null> {
    return this.#manager.getRepository(datasets).findOneBy(isUuid(ref) ? { id: asId<DatasetId>(ref) } : { name: ref });
  }
}

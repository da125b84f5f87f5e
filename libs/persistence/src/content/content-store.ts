import type { DatasetRole, ModelView, UploadPurpose } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { DatasetId, Digest, ModelId } from '@takt/kernel';
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { bigint, insertRow, int, isUuid, json, key, table, text, time, uuid } from '../schema.js';

export interface Artifact {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly fileName: string;
  readonly purpose: UploadPurpose;
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
  purpose: text,
  createdBy: text,
  createdAt: time,
});
export const models = table<Model>('models', { id: key(uuid), name: text, version: text, digest: text, info: json, createdAt: time });
export const datasets = table<Dataset>('datasets', { id: key(uuid), name: text, role: text, digest: text, images: int, createdAt: time });

const LOCK_SPACE = 7_216_002;

/**
 * Nothing names the file: no model, no data set, no job's result. What a node uploads is named by the report that follows, which may
 * come late: it stays as long as any calibration is open.
 */
const UNREFERENCED = `
  NOT EXISTS (SELECT 1 FROM models m WHERE m.digest = a.digest)
  AND NOT EXISTS (SELECT 1 FROM datasets d WHERE d.digest = a.digest)
  AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = 'calibrate' AND j.result -> 'statistics' ->> 'digest' = a.digest)
  AND NOT (a.created_by LIKE 'node:%' AND EXISTS (SELECT 1 FROM jobs j WHERE j.kind = 'calibrate' AND j.state IN ('queued', 'running')))`;

/** Files, and the models and data sets that are made of them. */
export class ContentStore {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  /** Until the transaction ends, no other one gives this file its name or takes it away. */
  async lockContent(digest: Digest): Promise<void> {
    await this.#manager.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCK_SPACE, digest]);
  }

  /** Content is immutable, so storing it again changes only since when, by whom and for what it is there: it is as new as its last upload. */
  async saveArtifact(artifact: Artifact): Promise<void> {
    await this.#manager.query(
      `INSERT INTO artifacts (digest, size_bytes, file_name, purpose, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (digest) DO UPDATE SET purpose = EXCLUDED.purpose, created_by = EXCLUDED.created_by, created_at = EXCLUDED.created_at`,
      [artifact.digest, artifact.sizeBytes, artifact.fileName, artifact.purpose, artifact.createdBy, artifact.createdAt],
    );
  }

  async findArtifact(digest: Digest): Promise<Artifact | null> {
    return this.#manager.getRepository(artifacts).findOneBy({ digest });
  }

  /** Files that nothing names, uploaded before a time, oldest first. */
  async unreferenced(before: Date, limit: number): Promise<Digest[]> {
    const rows: { digest: Digest }[] = await this.#manager.query(
      `SELECT a.digest FROM artifacts a WHERE a.created_at < $1 AND ${UNREFERENCED} ORDER BY a.created_at LIMIT $2`,
      [before, limit],
    );
    return rows.map((row) => row.digest);
  }

  async unreferencedTotal(): Promise<{ files: number; sizeBytes: number }> {
    const [row]: { files: string; size_bytes: string }[] = await this.#manager.query(
      `SELECT count(*) AS files, coalesce(sum(a.size_bytes), 0) AS size_bytes FROM artifacts a WHERE ${UNREFERENCED}`,
    );
    return { files: Number(row?.files ?? 0), sizeBytes: Number(row?.size_bytes ?? 0) };
  }

  /**
   * Deletes the row of a file that nothing names; false where something does, or where it was uploaded since `before`. A row that is
   * being registered in this moment makes the foreign key refuse it (SQLSTATE 23503).
   */
  async deleteUnreferenced(digest: Digest, before: Date): Promise<boolean> {
    const [rows]: [{ digest: string }[], number] = await this.#manager.query(
      `DELETE FROM artifacts a WHERE a.digest = $1 AND a.created_at < $2 AND ${UNREFERENCED} RETURNING a.digest`,
      [digest, before],
    );
    return rows.length > 0;
  }

  /** The same for a file of any age, where its last upload was by this actor and for this purpose. */
  async deleteRefused(digest: Digest, upload: Pick<Artifact, 'createdBy' | 'purpose'>): Promise<boolean> {
    const [rows]: [{ digest: string }[], number] = await this.#manager.query(
      `DELETE FROM artifacts a WHERE a.digest = $1 AND a.created_by = $2 AND a.purpose = $3 AND ${UNREFERENCED} RETURNING a.digest`,
      [digest, upload.createdBy, upload.purpose],
    );
    return rows.length > 0;
  }

  async hasArtifacts(): Promise<boolean> {
    return (await this.#manager.query<unknown[]>('SELECT 1 FROM artifacts LIMIT 1')).length > 0;
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

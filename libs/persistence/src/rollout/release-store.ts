import type { ReleaseSpec } from '@takt/contracts';
import type { HealthPolicy } from '@takt/gates';
import { asId } from '@takt/kernel';
import type { DatasetId, ModelId, ReleaseId } from '@takt/kernel';
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { bool, float, insertRow, isUuid, json, key, maybe, table, text, time, uuid } from '../schema.js';

export interface Release {
  readonly id: ReleaseId;
  readonly name: string;
  readonly modelId: ModelId;
  readonly goldenId: DatasetId;
  readonly calibrationId: DatasetId | null;
  readonly needsStatistics: boolean;
  readonly recipes: ReleaseSpec['recipes'];
  readonly threads: ReleaseSpec['threads'];
  readonly accuracyBudgetPoints: number;
  readonly buildCheck: ReleaseSpec['buildCheck'];
  readonly health: HealthPolicy;
  /** Names of hardware profiles it may go to; null is any. */
  readonly profiles: readonly string[] | null;
  readonly createdAt: Date;
}

export const releases = table<Release>('releases', {
  id: key(uuid),
  name: text,
  modelId: uuid,
  goldenId: uuid,
  calibrationId: maybe(uuid),
  needsStatistics: bool,
  recipes: json,
  threads: json,
  accuracyBudgetPoints: float,
  buildCheck: json,
  health: json,
  profiles: maybe(json),
  createdAt: time,
});

export class ReleaseStore {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  async add(release: Release): Promise<void> {
    await insertRow(this.#manager, releases, release);
  }

  async list(): Promise<Release[]> {
    return this.#manager.getRepository(releases).find({ order: { createdAt: 'DESC' } });
  }

  /** By id or name. */
  async namesOf(ids: readonly ReleaseId[]): Promise<Map<ReleaseId, string>> {
    const rows = await this.#manager.getRepository(releases).find({ where: { id: In([...ids]) }, select: { id: true, name: true } });
    return new Map(rows.map(({ id, name }) => [id, name]));
  }

  async find(ref: string): Promise<Release | null> {
    return this.#manager.getRepository(releases).findOneBy(isUuid(ref) ? { id: asId<ReleaseId>(ref) } : { name: ref });
  }
}

import { asId } from '@takt/kernel';
import type { LineId, SiteId } from '@takt/kernel';
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { float, insertRow, isUuid, json, key, table, text, time, updateRows, uuid } from '../schema.js';
import type { SiteScope } from '../schema.js';

export interface Site {
  readonly id: SiteId;
  readonly name: string;
  readonly createdAt: Date;
}
/** Source as stored: ids instead of artifact references, which desired state resolves. */
export interface LineSource {
  readonly kind: 'image-directory';
  readonly path: string | null;
  readonly datasetId: string | null;
  readonly fps: number;
}
export interface Line {
  readonly id: LineId;
  readonly siteId: SiteId;
  readonly slug: string;
  readonly name: string;
  readonly requiredFps: number;
  readonly source: LineSource;
  /** When it got this source; figures from before are of other frames. */
  readonly sourceSince: Date;
  readonly createdAt: Date;
}

export const sites = table<Site>('sites', { id: key(uuid), name: text, createdAt: time });
export const lines = table<Line>('lines', {
  id: key(uuid),
  siteId: uuid,
  slug: text,
  name: text,
  requiredFps: float,
  source: json,
  sourceSince: time,
  createdAt: time,
});

export class SiteStore {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  async add(site: Site): Promise<void> {
    await insertRow(this.#manager, sites, site);
  }

  async list(scope: SiteScope): Promise<Site[]> {
    return this.#manager
      .getRepository(sites)
      .find({ where: scope === null ? {} : { id: In(scope.map((id) => asId<SiteId>(id))) }, order: { name: 'ASC' } });
  }

  /** By id or name. */
  async find(ref: string): Promise<Site | null> {
    return this.#manager.getRepository(sites).findOneBy(isUuid(ref) ? { id: asId<SiteId>(ref) } : { name: ref });
  }
}

export class LineStore {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  async add(line: Line): Promise<void> {
    await insertRow(this.#manager, lines, line);
  }

  async update(id: LineId, change: Partial<Pick<Line, 'name' | 'requiredFps' | 'source' | 'sourceSince'>>): Promise<void> {
    if (Object.keys(change).length > 0) await updateRows(this.#manager, lines, { id }, change);
  }

  async list(scope: SiteScope): Promise<Line[]> {
    return this.#manager
      .getRepository(lines)
      .find({ where: scope === null ? {} : { siteId: In(scope.map((id) => asId<SiteId>(id))) }, order: { slug: 'ASC' } });
  }

  /** By id, `site/slug`, or a slug that only one line has; more than one where the slug is ambiguous. */
  async find(ref: string): Promise<Line[]> {
    const repository = this.#manager.getRepository(lines);
    if (isUuid(ref)) return repository.findBy({ id: asId<LineId>(ref) });
    const [site, slug] = ref.includes('/') ? ref.split('/', 2) : [undefined, ref];
    if (slug === undefined) return [];
    if (site === undefined) return repository.findBy({ slug });
    const owner = await this.#manager.getRepository(sites).findOneBy({ name: site });
    return owner === null ? [] : repository.findBy({ siteId: owner.id, slug });
  }

  async byIds(ids: readonly LineId[]): Promise<Line[]> {
    return this.#manager.getRepository(lines).findBy({ id: In([...ids]) });
  }
}

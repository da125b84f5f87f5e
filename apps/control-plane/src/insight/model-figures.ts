import type { ModelFigures as ModelFiguresView } from '@takt/contracts';
import type { Database } from '@takt/persistence';
import type { RequestContext } from '../http/context.js';
import { resolveModel } from '../resolve.js';
import { modelRows } from './model-rows.js';

/** Newest builds that are looked through. */
const BUILDS = 1_000;

/** Measured accuracy and speed of a model version on the boxes that built it. */
export class ModelFigures {
  constructor(private readonly db: Database) {}

  async execute(ctx: RequestContext, ref: string): Promise<ModelFiguresView> {
    const { stores } = this.db;
    const { id, name, version, digest } = await resolveModel(stores, ref);
    return { model: { id, name, version }, rows: modelRows(await stores.jobs.finishedBuilds(digest, ctx.siteScope, BUILDS)) };
  }
}

import { randomUUID } from 'node:crypto';
import type { ReleaseView, createReleaseSchema } from '@takt/contracts';
import { Recipe } from '@takt/engines';
import { DEFAULT_HEALTH_POLICY } from '@takt/gates';
import { asId } from '@takt/kernel';
import type { Clock, ReleaseId } from '@takt/kernel';
import type { Database, Release, Stores } from '@takt/persistence';
import type { z } from 'zod';
import { alreadyExists, refused } from '../errors.js';
import type { RequestContext } from '../http/context.js';
import { record } from '../record.js';
import { resolveDataset, resolveModel, resolveRelease } from '../resolve.js';

async function toView(stores: Stores, release: Release): Promise<ReleaseView> {
  const model = await stores.content.findModel(release.modelId);
  const golden = await stores.content.findDataset(release.goldenId);
  const calibration = release.calibrationId === null ? null : await stores.content.findDataset(release.calibrationId);
  return {
    id: release.id,
    name: release.name,
    model: { id: release.modelId, name: model?.name ?? '', version: model?.version ?? '' },
    golden: { id: release.goldenId, name: golden?.name ?? '' },
    calibration: calibration === null ? null : { id: calibration.id, name: calibration.name },
    needsStatistics: release.needsStatistics,
    recipes: [...release.recipes],
    threads: release.threads,
    accuracyBudgetPoints: release.accuracyBudgetPoints,
    buildCheck: release.buildCheck,
    health: release.health,
    profiles: release.profiles === null ? null : [...release.profiles],
    createdAt: release.createdAt.toISOString(),
  };
}

export class ReleaseQueries {
  constructor(private readonly db: Database) {}

  async list(_ctx: RequestContext): Promise<ReleaseView[]> {
    const releases = await this.db.stores.releases.list();
    return Promise.all(releases.map((release) => toView(this.db.stores, release)));
  }

  async get(_ctx: RequestContext, ref: string): Promise<ReleaseView> {
    return toView(this.db.stores, await resolveRelease(this.db.stores, ref));
  }
}

export class CreateRelease {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async execute(ctx: RequestContext, input: z.output<typeof createReleaseSchema>): Promise<ReleaseView> {
    const now = new Date(this.clock.now());
    return this.db.transaction(async (stores) => {
      if ((await stores.releases.find(input.name)) !== null) throw alreadyExists('release', input.name);
      const model = await resolveModel(stores, input.model);
      const golden = await resolveDataset(stores, input.golden, 'golden');
      const calibration = input.calibration === null ? null : await resolveDataset(stores, input.calibration, 'calibration');
      if (calibration === null && input.recipes.some((recipe) => recipe !== Recipe.fp32)) {
        throw refused(
          'CalibrationSetMissing',
          `release "${input.name}" quantizes and names no calibration set`,
          'add --calibration DATASET, or use --recipe fp32',
          input.name,
        );
      }
      const health = { ...DEFAULT_HEALTH_POLICY, ...withoutUndefined(input.health) };
      if (health.maxWindowFrames < health.windowFrames) {
        throw refused('HealthPolicyInvalid', 'maxWindowFrames is smaller than windowFrames', 'raise maxWindowFrames', input.name);
      }
      const release: Release = {
        id: asId<ReleaseId>(randomUUID()),
        name: input.name,
        modelId: model.id,
        goldenId: golden.id,
        calibrationId: calibration?.id ?? null,
        needsStatistics: input.recipes.includes(Recipe.int8),
        recipes: [...new Set(input.recipes)],
        threads: input.threads,
        accuracyBudgetPoints: input.accuracyBudgetPoints,
        buildCheck: { waived: input.waiveBuildCheck !== null, reason: input.waiveBuildCheck },
        health,
        profiles: input.profiles,
        createdAt: now,
      };
      await stores.releases.add(release);
      record(stores, ctx.actor, now, {
        code: 'ReleaseCreated',
        message: `${ctx.actor} made release ${release.name} of ${model.name}@${model.version}`,
        object: { kind: 'release', id: release.id, name: release.name },
        siteId: null,
        data: { recipes: release.recipes, buildCheck: release.buildCheck },
      });
      return toView(stores, release);
    });
  }
}

const withoutUndefined = <T extends object>(value: T): { [P in keyof T]?: Exclude<T[P], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as { [P in keyof T]?: Exclude<T[P], undefined> };

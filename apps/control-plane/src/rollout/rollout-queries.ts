import type { DeploymentDetail, DeploymentView, JobView, deploymentQuerySchema, jobQuerySchema } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { DeploymentId, JobId } from '@takt/kernel';
import type { Database, DeploymentOverview, Job } from '@takt/persistence';
import type { z } from 'zod';
import { notFound } from '../errors.js';
import { seesSite } from '../http/context.js';
import type { RequestContext } from '../http/context.js';
import { resolveLine, resolveNode, resolveSlot } from '../resolve.js';
import { toDeploymentView, toJobView } from './views.js';

export class DeploymentQueries {
  constructor(private readonly db: Database) {}

  async list(ctx: RequestContext, query: z.output<typeof deploymentQuerySchema>): Promise<DeploymentView[]> {
    const { stores } = this.db;
    const found = await stores.deployments.overview(
      {
        limit: query.limit,
        ...(query.slot === undefined ? {} : { slotId: (await resolveSlot(stores, ctx, query.slot)).slot.id }),
        ...(query.node === undefined ? {} : { nodeId: (await resolveNode(stores, ctx, query.node)).id }),
        ...(query.line === undefined ? {} : { lineId: (await resolveLine(stores, ctx, query.line)).id }),
        ...(query.state === undefined ? {} : { state: query.state }),
      },
      ctx.siteScope,
    );
    return found.map(toDeploymentView);
  }

  async find(ctx: RequestContext, id: string): Promise<DeploymentOverview> {
    const [found] = await this.db.stores.deployments.overview({ id, limit: 1 }, ctx.siteScope);
    if (found === undefined) throw notFound('deployment', id);
    return found;
  }

  async get(ctx: RequestContext, id: string): Promise<DeploymentDetail> {
    const { stores } = this.db;
    const found = await this.find(ctx, id);
    const transitions = await stores.deployments.transitions(asId<DeploymentId>(id));
    const build = await stores.jobs.find(found.deployment.buildJobId);
    const calibration = await this.calibrationOf(found);
    return {
      ...toDeploymentView(found),
      transitions: transitions.map((row) => ({
        state: row.state,
        at: row.at.toISOString(),
        by: row.by,
        generation: row.generation,
        reason: row.reason,
        message: row.message,
      })),
      build: build === null ? null : toJobView(build, found.nodeName),
      calibration: calibration === null ? null : toJobView(calibration, await this.#nodeName(calibration)),
    };
  }

  /** The job that makes, or made, the statistics this deployment needs. */
  async calibrationOf({ deployment }: DeploymentOverview): Promise<Job | null> {
    const { stores } = this.db;
    const release = await stores.releases.find(deployment.releaseId);
    if (release?.needsStatistics !== true || release.calibrationId === null) return null;
    const [model, set] = await Promise.all([stores.content.findModel(release.modelId), stores.content.findDataset(release.calibrationId)]);
    return model === null || set === null ? null : stores.jobs.calibrationOf(model.digest, set.digest);
  }

  async #nodeName(job: Job): Promise<string | null> {
    return job.nodeId === null ? null : ((await this.db.stores.nodes.find(job.nodeId))?.name ?? null);
  }
}

export class JobQueries {
  constructor(private readonly db: Database) {}

  async list(ctx: RequestContext, query: z.output<typeof jobQuerySchema>): Promise<JobView[]> {
    const { stores } = this.db;
    const node = query.node === undefined ? undefined : await resolveNode(stores, ctx, query.node);
    const jobs = await stores.jobs.list(
      {
        limit: query.limit,
        ...(node === undefined ? {} : { nodeId: node.id }),
        ...(query.state === undefined ? {} : { state: query.state }),
      },
      ctx.siteScope,
    );
    const names = new Map((await stores.nodes.list(null)).map((row) => [row.id, row.name]));
    return jobs.map((job) => toJobView(job, job.nodeId === null ? null : (names.get(job.nodeId) ?? null)));
  }

  async get(ctx: RequestContext, id: string): Promise<JobView> {
    const { stores } = this.db;
    const job = await stores.jobs.find(asId<JobId>(id));
    const node = job?.nodeId === null || job === null ? null : await stores.nodes.find(job.nodeId);
    if (job === null || (ctx.siteScope !== null && (node === null || !seesSite(ctx, node.siteId)))) throw notFound('job', id);
    return toJobView(job, node?.name ?? null);
  }
}

import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import { apiRoutes } from '@takt/contracts';
import type { DeploymentDetail, DeploymentView, JobView, ReleaseView } from '@takt/contracts';
import type { z } from 'zod';
import { ApiCall } from '../http/api-call.js';
import { Caller } from '../http/context.js';
import type { RequestContext } from '../http/context.js';
import { CancelDeployment } from './cancel-deployment.js';
import { CreateDeployments } from './create-deployments.js';
import { CreateRelease, ReleaseQueries } from './releases.js';
import { DeploymentQueries, JobQueries } from './rollout-queries.js';

@Controller()
export class ReleaseController {
  constructor(
    @Inject(ReleaseQueries) private readonly queries: ReleaseQueries,
    @Inject(CreateRelease) private readonly createRelease: CreateRelease,
  ) {}

  @ApiCall(apiRoutes.listReleases)
  async list(@Caller() ctx: RequestContext): Promise<{ items: ReleaseView[] }> {
    return { items: await this.queries.list(ctx) };
  }

  @ApiCall(apiRoutes.getRelease)
  async get(@Caller() ctx: RequestContext, @Param({ schema: apiRoutes.getRelease.params }) params: { ref: string }): Promise<ReleaseView> {
    return this.queries.get(ctx, params.ref);
  }

  @ApiCall(apiRoutes.createRelease)
  async create(
    @Caller() ctx: RequestContext,
    @Body({ schema: apiRoutes.createRelease.body }) body: z.output<typeof apiRoutes.createRelease.body>,
  ): Promise<ReleaseView> {
    return this.createRelease.execute(ctx, body);
  }
}

@Controller()
export class DeploymentController {
  constructor(
    @Inject(DeploymentQueries) private readonly queries: DeploymentQueries,
    @Inject(CreateDeployments) private readonly createDeployments: CreateDeployments,
    @Inject(CancelDeployment) private readonly cancelDeployment: CancelDeployment,
  ) {}

  @ApiCall(apiRoutes.listDeployments)
  async list(
    @Caller() ctx: RequestContext,
    @Query({ schema: apiRoutes.listDeployments.query }) query: z.output<typeof apiRoutes.listDeployments.query>,
  ): Promise<{ items: DeploymentView[] }> {
    return { items: await this.queries.list(ctx, query) };
  }

  @ApiCall(apiRoutes.getDeployment)
  async get(
    @Caller() ctx: RequestContext,
    @Param({ schema: apiRoutes.getDeployment.params }) params: { id: string },
  ): Promise<DeploymentDetail> {
    return this.queries.get(ctx, params.id);
  }

  @ApiCall(apiRoutes.createDeployments)
  async create(
    @Caller() ctx: RequestContext,
    @Body({ schema: apiRoutes.createDeployments.body }) body: z.output<typeof apiRoutes.createDeployments.body>,
  ): Promise<{ items: DeploymentView[] }> {
    return { items: await this.createDeployments.execute(ctx, body) };
  }

  @ApiCall(apiRoutes.cancelDeployment)
  async cancel(
    @Caller() ctx: RequestContext,
    @Param({ schema: apiRoutes.cancelDeployment.params }) params: { id: string },
  ): Promise<DeploymentView> {
    return this.cancelDeployment.execute(ctx, params.id);
  }
}

@Controller()
export class JobController {
  constructor(@Inject(JobQueries) private readonly queries: JobQueries) {}

  @ApiCall(apiRoutes.listJobs)
  async list(
    @Caller() ctx: RequestContext,
    @Query({ schema: apiRoutes.listJobs.query }) query: z.output<typeof apiRoutes.listJobs.query>,
  ): Promise<{ items: JobView[] }> {
    return { items: await this.queries.list(ctx, query) };
  }

  @ApiCall(apiRoutes.getJob)
  async get(@Caller() ctx: RequestContext, @Param({ schema: apiRoutes.getJob.params }) params: { id: string }): Promise<JobView> {
    return this.queries.get(ctx, params.id);
  }
}

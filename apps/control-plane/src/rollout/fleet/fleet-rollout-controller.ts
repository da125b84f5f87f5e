import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import { apiRoutes } from '@takt/contracts';
import type { RolloutDetail, RolloutPlanView, RolloutView } from '@takt/contracts';
import type { z } from 'zod';
import { ApiCall } from '../../http/api-call.js';
import { Caller } from '../../http/context.js';
import type { RequestContext } from '../../http/context.js';
import { ChangeRollout } from './change-rollout.js';
import { CreateRollout, PlanRollout } from './create-rollout.js';
import { RolloutQueries } from './rollout-queries.js';

type Create = z.output<typeof apiRoutes.createRollout.body>;
type Because = z.output<typeof apiRoutes.pauseRollout.body>;

@Controller()
export class FleetRolloutController {
  constructor(
    @Inject(RolloutQueries) private readonly queries: RolloutQueries,
    @Inject(PlanRollout) private readonly planRollout: PlanRollout,
    @Inject(CreateRollout) private readonly createRollout: CreateRollout,
    @Inject(ChangeRollout) private readonly changeRollout: ChangeRollout,
  ) {}

  @ApiCall(apiRoutes.planRollout)
  async plan(@Caller() ctx: RequestContext, @Body({ schema: apiRoutes.planRollout.body }) body: Create): Promise<RolloutPlanView> {
    return this.planRollout.execute(ctx, body);
  }

  @ApiCall(apiRoutes.listRollouts)
  async list(
    @Caller() ctx: RequestContext,
    @Query({ schema: apiRoutes.listRollouts.query }) query: z.output<typeof apiRoutes.listRollouts.query>,
  ): Promise<{ items: RolloutView[] }> {
    return { items: await this.queries.list(ctx, query) };
  }

  @ApiCall(apiRoutes.createRollout)
  async create(@Caller() ctx: RequestContext, @Body({ schema: apiRoutes.createRollout.body }) body: Create): Promise<RolloutDetail> {
    return this.createRollout.execute(ctx, body);
  }

  @ApiCall(apiRoutes.getRollout)
  async get(
    @Caller() ctx: RequestContext,
    @Param({ schema: apiRoutes.getRollout.params }) { ref }: { ref: string },
  ): Promise<RolloutDetail> {
    return this.queries.get(ctx, ref);
  }

  @ApiCall(apiRoutes.pauseRollout)
  async pause(
    @Caller() ctx: RequestContext,
    @Param({ schema: apiRoutes.pauseRollout.params }) { ref }: { ref: string },
    @Body({ schema: apiRoutes.pauseRollout.body }) body: Because,
  ): Promise<RolloutDetail> {
    return this.changeRollout.intent(ctx, ref, 'pause', body.reason);
  }

  @ApiCall(apiRoutes.resumeRollout)
  async resume(
    @Caller() ctx: RequestContext,
    @Param({ schema: apiRoutes.resumeRollout.params }) { ref }: { ref: string },
    @Body({ schema: apiRoutes.resumeRollout.body }) body: Because,
  ): Promise<RolloutDetail> {
    return this.changeRollout.intent(ctx, ref, 'resume', body.reason);
  }

  @ApiCall(apiRoutes.approveRollout)
  async approve(
    @Caller() ctx: RequestContext,
    @Param({ schema: apiRoutes.approveRollout.params }) { ref }: { ref: string },
    @Body({ schema: apiRoutes.approveRollout.body }) body: Because,
  ): Promise<RolloutDetail> {
    return this.changeRollout.intent(ctx, ref, 'approve', body.reason);
  }

  @ApiCall(apiRoutes.abortRollout)
  async abort(
    @Caller() ctx: RequestContext,
    @Param({ schema: apiRoutes.abortRollout.params }) { ref }: { ref: string },
    @Body({ schema: apiRoutes.abortRollout.body }) body: Because,
  ): Promise<RolloutDetail> {
    return this.changeRollout.intent(ctx, ref, 'abort', body.reason);
  }

  @ApiCall(apiRoutes.rollbackRollout)
  async rollback(
    @Caller() ctx: RequestContext,
    @Param({ schema: apiRoutes.rollbackRollout.params }) { ref }: { ref: string },
    @Body({ schema: apiRoutes.rollbackRollout.body }) body: Because,
  ): Promise<RolloutDetail> {
    return this.changeRollout.intent(ctx, ref, 'rollback', body.reason);
  }

  @ApiCall(apiRoutes.changeRolloutPolicy)
  async policy(
    @Caller() ctx: RequestContext,
    @Param({ schema: apiRoutes.changeRolloutPolicy.params }) { ref }: { ref: string },
    @Body({ schema: apiRoutes.changeRolloutPolicy.body }) body: z.output<typeof apiRoutes.changeRolloutPolicy.body>,
  ): Promise<RolloutDetail> {
    return this.changeRollout.policy(ctx, ref, body.policy, body.reason);
  }
}

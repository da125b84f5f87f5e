import { Controller, Inject, Param } from '@nestjs/common';
import { apiRoutes } from '@takt/contracts';
import type { Explanation } from '@takt/contracts';
import { ApiCall } from '../http/api-call.js';
import { Caller } from '../http/context.js';
import type { RequestContext } from '../http/context.js';
import { ExplainGate } from './explain-gate.js';
import { ExplainRollout } from './explain-rollout.js';

@Controller()
export class ExplainRolloutController {
  constructor(
    @Inject(ExplainRollout) private readonly explainRollout: ExplainRollout,
    @Inject(ExplainGate) private readonly explainGate: ExplainGate,
  ) {}

  @ApiCall(apiRoutes.explainRollout)
  async rollout(
    @Caller() ctx: RequestContext,
    @Param({ schema: apiRoutes.explainRollout.params }) { ref }: { ref: string },
  ): Promise<Explanation> {
    return this.explainRollout.execute(ctx, ref);
  }

  @ApiCall(apiRoutes.explainGate)
  async gate(@Caller() ctx: RequestContext, @Param({ schema: apiRoutes.explainGate.params }) { id }: { id: string }): Promise<Explanation> {
    return this.explainGate.execute(ctx, id);
  }
}

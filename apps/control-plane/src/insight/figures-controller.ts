import { Controller, Inject, Param, Query, Req, SetMetadata, Sse } from '@nestjs/common';
import type { MessageEvent } from '@nestjs/common';
import { apiRoutes } from '@takt/contracts';
import type { ModelFigures as ModelFiguresView, SlotSamples as SlotSamplesView } from '@takt/contracts';
import { map } from 'rxjs';
import type { Observable } from 'rxjs';
import type { z } from 'zod';
import { ApiCall, ROUTE } from '../http/api-call.js';
import { Caller } from '../http/context.js';
import type { RequestContext, TaktRequest } from '../http/context.js';
import { StreamAccess } from '../http/stream-access.js';
import { FleetStream } from './fleet-stream.js';
import { ModelFigures } from './model-figures.js';
import { SlotSamples } from './slot-samples.js';

/** Measured figures: live, over time, per model. */
@Controller()
export class FiguresController {
  constructor(
    @Inject(FleetStream) private readonly fleet: FleetStream,
    @Inject(SlotSamples) private readonly slotSamples: SlotSamples,
    @Inject(ModelFigures) private readonly modelFigures: ModelFigures,
    @Inject(StreamAccess) private readonly access: StreamAccess,
  ) {}

  @Sse(apiRoutes.streamFleet.path)
  @SetMetadata(ROUTE, apiRoutes.streamFleet)
  streamFleet(@Caller() ctx: RequestContext, @Req() request: TaktRequest): Observable<MessageEvent> {
    return this.fleet.follow(ctx).pipe(
      this.access.while(request),
      map((figures) => ({ type: 'fleet', data: figures })),
    );
  }

  @ApiCall(apiRoutes.slotSamples)
  async samples(
    @Caller() ctx: RequestContext,
    @Param({ schema: apiRoutes.slotSamples.params }) params: { ref: string },
    @Query({ schema: apiRoutes.slotSamples.query }) query: z.output<typeof apiRoutes.slotSamples.query>,
  ): Promise<SlotSamplesView> {
    return this.slotSamples.execute(ctx, params.ref, query);
  }

  @ApiCall(apiRoutes.modelFigures)
  async figures(
    @Caller() ctx: RequestContext,
    @Param({ schema: apiRoutes.modelFigures.params }) params: { ref: string },
  ): Promise<ModelFiguresView> {
    return this.modelFigures.execute(ctx, params.ref);
  }
}

import { Controller, Inject, Param, Query, Req, Sse } from '@nestjs/common';
import type { MessageEvent } from '@nestjs/common';
import { SetMetadata } from '@nestjs/common';
import { apiRoutes } from '@takt/contracts';
import type { EventView, Explanation, StatusView } from '@takt/contracts';
import { map } from 'rxjs';
import type { Observable } from 'rxjs';
import type { z } from 'zod';
import { sessionOf } from '../access/session-cookie.js';
import { ApiCall, ROUTE } from '../http/api-call.js';
import { Caller } from '../http/context.js';
import type { RequestContext, TaktRequest } from '../http/context.js';
import { StreamAccess } from '../http/stream-access.js';
import { VERSION } from '../version.js';
import { EventFeed, lastSeen } from './event-feed.js';
import { ExplainDeployment } from './explain-deployment.js';
import { ExplainNode } from './explain-node.js';
import { ReadHealth } from './read-health.js';
import { FleetStatus } from './status.js';

@Controller()
export class InsightController {
  constructor(
    @Inject(ReadHealth) private readonly health: ReadHealth,
    @Inject(FleetStatus) private readonly fleetStatus: FleetStatus,
    @Inject(EventFeed) private readonly feed: EventFeed,
    @Inject(StreamAccess) private readonly access: StreamAccess,
    @Inject(ExplainNode) private readonly explainNode: ExplainNode,
    @Inject(ExplainDeployment) private readonly explainDeployment: ExplainDeployment,
  ) {}

  @ApiCall(apiRoutes.health)
  async getHealth(@Req() request: TaktRequest): Promise<z.output<typeof apiRoutes.health.response>> {
    const credentials = { bearer: request.headers.authorization, session: sessionOf(request) };
    return this.health.execute(credentials, request.taktRequestId ?? '');
  }

  @ApiCall(apiRoutes.live)
  live(): z.output<typeof apiRoutes.live.response> {
    return { status: 'ok', version: VERSION };
  }

  @ApiCall(apiRoutes.status)
  async status(@Caller() ctx: RequestContext): Promise<StatusView> {
    return this.fleetStatus.execute(ctx);
  }

  @ApiCall(apiRoutes.listEvents)
  async events(
    @Caller() ctx: RequestContext,
    @Query({ schema: apiRoutes.listEvents.query }) query: z.output<typeof apiRoutes.listEvents.query>,
  ): Promise<{ items: EventView[] }> {
    return { items: await this.feed.list(ctx, query) };
  }

  @Sse(apiRoutes.streamEvents.path)
  @SetMetadata(ROUTE, apiRoutes.streamEvents)
  stream(
    @Caller() ctx: RequestContext,
    @Req() request: TaktRequest,
    @Query({ schema: apiRoutes.streamEvents.query }) query: { after?: number | undefined },
  ): Observable<MessageEvent> {
    return this.feed.follow(ctx, lastSeen(request.headers['last-event-id']) ?? query.after).pipe(
      this.access.while(request),
      map((event) => ({ id: String(event.seq), type: 'event', data: event })),
    );
  }

  @ApiCall(apiRoutes.explainNode)
  async node(
    @Caller() ctx: RequestContext,
    @Param({ schema: apiRoutes.explainNode.params }) params: { ref: string },
  ): Promise<Explanation> {
    return this.explainNode.execute(ctx, params.ref);
  }

  @ApiCall(apiRoutes.explainDeployment)
  async deployment(
    @Caller() ctx: RequestContext,
    @Param({ schema: apiRoutes.explainDeployment.params }) params: { id: string },
  ): Promise<Explanation> {
    return this.explainDeployment.execute(ctx, params.id);
  }
}

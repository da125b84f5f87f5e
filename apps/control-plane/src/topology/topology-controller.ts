import { Body, Controller, Inject, Param } from '@nestjs/common';
import { apiRoutes } from '@takt/contracts';
import type { LineView, NodeView, SiteView, SlotView } from '@takt/contracts';
import type { z } from 'zod';
import { ApiCall } from '../http/api-call.js';
import { Caller } from '../http/context.js';
import type { RequestContext } from '../http/context.js';
import { CreateLine, LineQueries, UpdateLine } from './lines.js';
import { NodeQueries } from './nodes.js';
import { CreateSite, SiteQueries } from './sites.js';
import { CreateSlot, SlotQueries } from './slots.js';

@Controller()
export class SiteController {
  constructor(
    @Inject(SiteQueries) private readonly queries: SiteQueries,
    @Inject(CreateSite) private readonly createSite: CreateSite,
  ) {}

  @ApiCall(apiRoutes.listSites)
  async list(@Caller() ctx: RequestContext): Promise<{ items: SiteView[] }> {
    return { items: await this.queries.list(ctx) };
  }

  @ApiCall(apiRoutes.createSite)
  async create(@Caller() ctx: RequestContext, @Body({ schema: apiRoutes.createSite.body }) body: { name: string }): Promise<SiteView> {
    return this.createSite.execute(ctx, body);
  }
}

@Controller()
export class LineController {
  constructor(
    @Inject(LineQueries) private readonly queries: LineQueries,
    @Inject(CreateLine) private readonly createLine: CreateLine,
    @Inject(UpdateLine) private readonly updateLine: UpdateLine,
  ) {}

  @ApiCall(apiRoutes.listLines)
  async list(@Caller() ctx: RequestContext): Promise<{ items: LineView[] }> {
    return { items: await this.queries.list(ctx) };
  }

  @ApiCall(apiRoutes.getLine)
  async get(@Caller() ctx: RequestContext, @Param({ schema: apiRoutes.getLine.params }) params: { ref: string }): Promise<LineView> {
    return this.queries.get(ctx, params.ref);
  }

  @ApiCall(apiRoutes.createLine)
  async create(
    @Caller() ctx: RequestContext,
    @Body({ schema: apiRoutes.createLine.body }) body: z.output<typeof apiRoutes.createLine.body>,
  ): Promise<LineView> {
    return this.createLine.execute(ctx, body);
  }

  @ApiCall(apiRoutes.updateLine)
  async update(
    @Caller() ctx: RequestContext,
    @Param({ schema: apiRoutes.updateLine.params }) params: { ref: string },
    @Body({ schema: apiRoutes.updateLine.body }) body: z.output<typeof apiRoutes.updateLine.body>,
  ): Promise<LineView> {
    return this.updateLine.execute(ctx, params.ref, body);
  }
}

@Controller()
export class NodeController {
  constructor(@Inject(NodeQueries) private readonly queries: NodeQueries) {}

  @ApiCall(apiRoutes.listNodes)
  async list(@Caller() ctx: RequestContext): Promise<{ items: NodeView[] }> {
    return { items: await this.queries.list(ctx) };
  }

  @ApiCall(apiRoutes.getNode)
  async get(@Caller() ctx: RequestContext, @Param({ schema: apiRoutes.getNode.params }) params: { ref: string }): Promise<NodeView> {
    return this.queries.get(ctx, params.ref);
  }
}

@Controller()
export class SlotController {
  constructor(
    @Inject(SlotQueries) private readonly queries: SlotQueries,
    @Inject(CreateSlot) private readonly createSlot: CreateSlot,
  ) {}

  @ApiCall(apiRoutes.listSlots)
  async list(@Caller() ctx: RequestContext): Promise<{ items: SlotView[] }> {
    return { items: await this.queries.list(ctx) };
  }

  @ApiCall(apiRoutes.getSlot)
  async get(@Caller() ctx: RequestContext, @Param({ schema: apiRoutes.getSlot.params }) params: { ref: string }): Promise<SlotView> {
    return this.queries.get(ctx, params.ref);
  }

  @ApiCall(apiRoutes.createSlot)
  async create(
    @Caller() ctx: RequestContext,
    @Body({ schema: apiRoutes.createSlot.body }) body: z.output<typeof apiRoutes.createSlot.body>,
  ): Promise<SlotView> {
    return this.createSlot.execute(ctx, body);
  }
}

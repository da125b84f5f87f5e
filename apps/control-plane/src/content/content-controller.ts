import { Body, Controller, Inject, Param, Res } from '@nestjs/common';
import { apiRoutes } from '@takt/contracts';
import type { DatasetView, ModelView } from '@takt/contracts';
import type { ServerResponse } from 'node:http';
import type { z } from 'zod';
import { ApiCall } from '../http/api-call.js';
import { closedSignal } from '../http/closed-signal.js';
import { Caller } from '../http/context.js';
import type { RequestContext } from '../http/context.js';
import { CreateDataset, DatasetQueries } from './datasets.js';
import { CreateModel, ModelQueries } from './models.js';

@Controller()
export class ModelController {
  constructor(
    @Inject(ModelQueries) private readonly queries: ModelQueries,
    @Inject(CreateModel) private readonly createModel: CreateModel,
  ) {}

  @ApiCall(apiRoutes.listModels)
  async list(@Caller() ctx: RequestContext): Promise<{ items: ModelView[] }> {
    return { items: await this.queries.list(ctx) };
  }

  @ApiCall(apiRoutes.getModel)
  async get(@Caller() ctx: RequestContext, @Param({ schema: apiRoutes.getModel.params }) params: { ref: string }): Promise<ModelView> {
    return this.queries.get(ctx, params.ref);
  }

  @ApiCall(apiRoutes.createModel)
  async create(
    @Caller() ctx: RequestContext,
    @Body({ schema: apiRoutes.createModel.body }) body: z.output<typeof apiRoutes.createModel.body>,
  ): Promise<ModelView> {
    return this.createModel.execute(ctx, body);
  }
}

@Controller()
export class DatasetController {
  constructor(
    @Inject(DatasetQueries) private readonly queries: DatasetQueries,
    @Inject(CreateDataset) private readonly createDataset: CreateDataset,
  ) {}

  @ApiCall(apiRoutes.listDatasets)
  async list(@Caller() ctx: RequestContext): Promise<{ items: DatasetView[] }> {
    return { items: await this.queries.list(ctx) };
  }

  @ApiCall(apiRoutes.createDataset)
  async create(
    @Caller() ctx: RequestContext,
    @Body({ schema: apiRoutes.createDataset.body }) body: z.output<typeof apiRoutes.createDataset.body>,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<DatasetView> {
    return this.createDataset.execute(ctx, body, closedSignal(response));
  }
}

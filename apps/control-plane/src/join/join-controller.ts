import { Body, Controller, Inject } from '@nestjs/common';
import { apiRoutes } from '@takt/contracts';
import type { CreatedJoinToken, JoinReply, joinTokenViewSchema } from '@takt/contracts';
import type { Clock } from '@takt/kernel';
import type { z } from 'zod';
import { CLOCK } from '../boot/tokens.js';
import { ApiCall } from '../http/api-call.js';
import { Caller } from '../http/context.js';
import type { RequestContext } from '../http/context.js';
import { JoinNode } from './join-node.js';
import { CreateJoinToken, JoinTokenQueries } from './join-tokens.js';
import { Nonces } from './nonces.js';

@Controller()
export class JoinController {
  constructor(
    @Inject(Nonces) private readonly nonces: Nonces,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(JoinNode) private readonly joinNode: JoinNode,
    @Inject(JoinTokenQueries) private readonly queries: JoinTokenQueries,
    @Inject(CreateJoinToken) private readonly createJoinToken: CreateJoinToken,
  ) {}

  @ApiCall(apiRoutes.joinChallenge)
  challenge(@Body({ schema: apiRoutes.joinChallenge.body }) body: { publicKey: string }): { nonce: string; expiresInSeconds: number } {
    return this.nonces.issue(body.publicKey, this.clock.now());
  }

  @ApiCall(apiRoutes.join)
  async join(@Body({ schema: apiRoutes.join.body }) body: z.output<typeof apiRoutes.join.body>): Promise<JoinReply> {
    return this.joinNode.execute(body);
  }

  @ApiCall(apiRoutes.listJoinTokens)
  async list(@Caller() ctx: RequestContext): Promise<{ items: z.output<typeof joinTokenViewSchema>[] }> {
    return { items: await this.queries.list(ctx) };
  }

  @ApiCall(apiRoutes.createJoinToken)
  async create(
    @Caller() ctx: RequestContext,
    @Body({ schema: apiRoutes.createJoinToken.body }) body: z.output<typeof apiRoutes.createJoinToken.body>,
  ): Promise<CreatedJoinToken> {
    return this.createJoinToken.execute(ctx, body);
  }
}

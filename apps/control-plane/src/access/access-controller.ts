import { Body, Controller, Inject, Param, Req, Res } from '@nestjs/common';
import { apiRoutes } from '@takt/contracts';
import type { LoginReply, WhoAmI, createdTokenSchema, tokenViewSchema } from '@takt/contracts';
import type { ServerResponse } from 'node:http';
import type { z } from 'zod';
import { ADDRESSES } from '../boot/tokens.js';
import { ApiCall } from '../http/api-call.js';
import { Caller } from '../http/context.js';
import type { RequestContext, TaktRequest } from '../http/context.js';
import type { Addresses } from '../join/addresses.js';
import { Login } from './login.js';
import { requireOwnOrigin, sessionCookie } from './session-cookie.js';
import { Sessions } from './sessions.js';
import { CreateToken, RevokeToken, TokenQueries } from './tokens.js';

@Controller()
export class AccessController {
  constructor(
    @Inject(Login) private readonly login: Login,
    @Inject(TokenQueries) private readonly queries: TokenQueries,
    @Inject(CreateToken) private readonly createToken: CreateToken,
    @Inject(RevokeToken) private readonly revokeToken: RevokeToken,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(ADDRESSES) private readonly addresses: Addresses,
  ) {}

  @ApiCall(apiRoutes.login)
  async exchange(
    @Req() request: TaktRequest,
    @Body({ schema: apiRoutes.login.body }) body: z.output<typeof apiRoutes.login.body>,
  ): Promise<LoginReply> {
    return this.login.execute(body, request.socket.remoteAddress ?? '');
  }

  @ApiCall(apiRoutes.createSession)
  async openSession(
    @Req() request: TaktRequest,
    @Body({ schema: apiRoutes.createSession.body }) body: z.output<typeof apiRoutes.createSession.body>,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<WhoAmI> {
    requireOwnOrigin(request, this.addresses.publicUrl());
    const session = await this.sessions.open(body, request.socket.remoteAddress ?? '');
    response.setHeader('set-cookie', sessionCookie(session.secret, session.maxAgeSeconds, this.#overTls()));
    return this.queries.whoAmI(session);
  }

  @ApiCall(apiRoutes.endSession)
  async endSession(
    @Caller() ctx: RequestContext,
    @Req() request: TaktRequest,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<void> {
    await this.sessions.end(ctx, request.taktSessionId ?? null);
    response.setHeader('set-cookie', sessionCookie('', 0, this.#overTls()));
  }

  @ApiCall(apiRoutes.whoAmI)
  async whoAmI(@Caller() ctx: RequestContext): Promise<WhoAmI> {
    return this.queries.whoAmI(ctx);
  }

  @ApiCall(apiRoutes.listTokens)
  async list(@Caller() ctx: RequestContext): Promise<{ items: z.output<typeof tokenViewSchema>[] }> {
    return { items: await this.queries.list(ctx) };
  }

  @ApiCall(apiRoutes.createToken)
  async create(
    @Caller() ctx: RequestContext,
    @Body({ schema: apiRoutes.createToken.body }) body: z.output<typeof apiRoutes.createToken.body>,
  ): Promise<z.output<typeof createdTokenSchema>> {
    return this.createToken.execute(ctx, body);
  }

  @ApiCall(apiRoutes.revokeToken)
  async revoke(@Caller() ctx: RequestContext, @Param({ schema: apiRoutes.revokeToken.params }) params: { id: string }): Promise<void> {
    await this.revokeToken.execute(ctx, params.id);
  }

  #overTls(): boolean {
    return this.addresses.publicUrl().startsWith('https://');
  }
}

import { Controller, Inject } from '@nestjs/common';
import type { NatsContext } from '@nestjs/microservices';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { RpcMethod, confirmRequestSchema, grantRequestSchema, renewRequestSchema, rpcSubject } from '@takt/contracts';
import { LogField, TaktError } from '@takt/kernel';
import type { Logger, NodeId, TaktErrorData } from '@takt/kernel';
import { nodeIdOfSubject } from '@takt/messaging';
import type { z } from 'zod';
import { LOGGER } from '../boot/tokens.js';
import { toTaktError } from '../http/problem.js';
import { NodeRequests } from './node-requests.js';

type Reply = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: TaktErrorData };

/** Requests of nodes over Nest's NATS transport. A refusal is an answer like any other. */
@Controller()
export class RpcController {
  constructor(
    @Inject(NodeRequests) private readonly requests: NodeRequests,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @MessagePattern(rpcSubject('*', RpcMethod.confirm))
  async confirm(@Payload() payload: unknown, @Ctx() context: NatsContext): Promise<Reply> {
    return this.#answer(context, confirmRequestSchema, payload, (nodeId, request) => this.requests.confirm(nodeId, request.firstSeq));
  }

  @MessagePattern(rpcSubject('*', RpcMethod.grant))
  async grant(@Payload() payload: unknown, @Ctx() context: NatsContext): Promise<Reply> {
    return this.#answer(context, grantRequestSchema, payload, (nodeId, request) => this.requests.grant(nodeId, request));
  }

  @MessagePattern(rpcSubject('*', RpcMethod.renew))
  async renew(@Payload() payload: unknown, @Ctx() context: NatsContext): Promise<Reply> {
    return this.#answer(context, renewRequestSchema, payload, (nodeId) => this.requests.renew(nodeId));
  }

  async #answer<T>(
    context: NatsContext,
    schema: z.ZodType<T>,
    payload: unknown,
    work: (nodeId: NodeId, request: T) => Promise<unknown>,
  ): Promise<Reply> {
    const nodeId = nodeIdOfSubject(context.getSubject());
    try {
      const parsed = schema.safeParse(payload);
      if (nodeId === undefined || !parsed.success) {
        throw new TaktError({
          code: 'RequestInvalid',
          message: 'the request does not follow its contract',
          action: 'run the same takt version everywhere',
        });
      }
      return { ok: true, value: await work(nodeId, parsed.data) };
    } catch (thrown) {
      const { error, status } = toTaktError(thrown);
      if (status >= 500) this.logger.error('node request failed', { [LogField.nodeId]: nodeId, [LogField.error]: error.cause ?? error });
      return { ok: false, error: error.toData() };
    }
  }
}

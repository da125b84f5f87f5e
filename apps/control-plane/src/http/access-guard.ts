import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Role } from '@takt/contracts';
import type { ApiRoute } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { Authenticator } from '../access/authenticator.js';
import { requireOwnPage, sessionOf } from '../access/session-cookie.js';
import type { Grants } from '../content/grants.js';
import { ROUTE } from './api-call.js';
import type { TaktRequest } from './context.js';

const RANK: Readonly<Record<Role, number>> = { [Role.viewer]: 0, [Role.operator]: 1, [Role.admin]: 2 };

/** Lets nothing pass that the route table does not allow; a handler without an entry there is refused. */
export class AccessGuard implements CanActivate {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly grants: Grants,
    private readonly publicUrl: () => string,
  ) {}

  async canActivate(host: ExecutionContext): Promise<boolean> {
    // Requests over NATS are from nodes: the server has checked their JWT against the subject.
    if (host.getType() !== 'http') return true;
    const route = Reflect.getMetadata(ROUTE, host.getHandler()) as ApiRoute | undefined;
    if (route === undefined)
      throw new TaktError({ code: 'RoleTooLow', message: 'this call is not in the route table', action: 'see /api/docs' });
    const request = host.switchToHttp().getRequest<TaktRequest>();
    if (route.access === 'public') return true;
    if (route.access === 'grant' && typeof request.query['grant'] === 'string') {
      request.taktGrant = this.grants.verify(
        request.query['grant'],
        route.method === 'PUT' ? 'write' : 'read',
        String(request.params['digest']),
      );
      return true;
    }
    const { context, sessionId } = await this.authenticator.authenticate(
      { bearer: request.headers.authorization, session: sessionOf(request) },
      request.taktRequestId ?? '',
    );
    if (sessionId !== null && request.method !== 'GET' && request.method !== 'HEAD') requireOwnPage(request, this.publicUrl());
    const needed = route.access === 'grant' ? (route.method === 'PUT' ? Role.operator : Role.viewer) : route.access;
    if (RANK[context.role] < RANK[needed]) {
      throw new TaktError({
        code: 'RoleTooLow',
        message: `${context.actor} is ${context.role}; this call needs ${needed}`,
        action: `use a token of role ${needed}`,
        element: context.actor,
      });
    }
    request.takt = context;
    request.taktSessionId = sessionId;
    return true;
  }
}

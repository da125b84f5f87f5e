import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import type { Role } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { Digest } from '@takt/kernel';

/** Who asks, with what rights: the first argument of every use case. */
export interface RequestContext {
  readonly actor: string;
  readonly role: Role;
  /** Ids of the sites the actor may see and change; null is all of them. */
  readonly siteScope: readonly string[] | null;
  readonly requestId: string;
}

/** What a grant in a URL allows: one digest, one way. */
export interface ArtifactGrant {
  readonly access: 'read' | 'write';
  readonly nodeId: string;
  readonly digest: Digest;
  /** Upper bound of an upload, bytes. */
  readonly sizeBytes: number;
  /** Ms since the epoch. */
  readonly expiresAt: number;
  /** Job that makes the file, where one is written; empty where one is read. */
  readonly jobId: string;
}

export interface TaktRequest extends IncomingMessage {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly originalUrl: string;
  taktRequestId?: string;
  takt?: RequestContext;
  /** Id of the session the call is made in; null with a bearer token. */
  taktSessionId?: string | null;
  taktGrant?: ArtifactGrant;
}

/** The caller, as the access guard established it. */
export const Caller = createParamDecorator((_: unknown, host: ExecutionContext): RequestContext => {
  const context = host.switchToHttp().getRequest<TaktRequest>().takt;
  if (context === undefined)
    throw new TaktError({ code: 'NotAuthenticated', message: 'the call has no actor', action: 'send a bearer token' });
  return context;
});

/** Whether the caller may see and change what belongs to this site. */
export const seesSite = (context: RequestContext, siteId: string): boolean =>
  context.siteScope === null || context.siteScope.includes(siteId);

import { randomUUID } from 'node:crypto';

/**
 * Packets of `@nestjs/microservices`' NATS transport. A request is `{pattern, data, id}`; without an `id` Nest takes the
 * message for an event and never answers. The reply is `{id, response, isDisposed}` or `{id, err}`.
 */
export const wrapRequest = (pattern: string, data: unknown): string => JSON.stringify({ pattern, data, id: randomUUID() });

export type UnwrappedReply = { readonly ok: true; readonly response: unknown } | { readonly ok: false; readonly message: string };

export const unwrapReply = (packet: unknown): UnwrappedReply => {
  if (typeof packet !== 'object' || packet === null) return { ok: false, message: 'the reply is no packet' };
  const { err, response } = packet as { readonly err?: unknown; readonly response?: unknown };
  if (err !== undefined && err !== null) {
    if (typeof err === 'string') return { ok: false, message: err };
    const { message } = err as { readonly message?: unknown };
    return { ok: false, message: typeof message === 'string' ? message : JSON.stringify(err) };
  }
  return { ok: true, response };
};

import type { ApiRoute } from '@takt/contracts';
import { replyError } from './reply-error.js';
import { transportError } from './transport-error.js';

export type Fetch = typeof globalThis.fetch;

/** One HTTP exchange: a good answer comes back open, everything else is a TaktError. */
export interface Exchange {
  readonly route: ApiRoute;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Blob | ReadableStream<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the whole exchange, answer read included; null has no limit. */
  readonly timeoutMs: number | null;
}

export interface Transport {
  /** @throws TaktError of the server's problem document, or of {@link transportError}. */
  send<T>(exchange: Exchange, read: (reply: Response) => Promise<T>): Promise<T>;
}

export function createTransport(fetch: Fetch, token: string | undefined, always: Readonly<Record<string, string>> = {}): Transport {
  return {
    async send(exchange, read) {
      const { route, url, signal, timeoutMs, body } = exchange;
      const signals = [...(signal === undefined ? [] : [signal]), ...(timeoutMs === null ? [] : [AbortSignal.timeout(timeoutMs)])];
      try {
        const reply = await fetch(url, {
          method: route.method,
          headers: {
            accept: 'application/json, application/problem+json',
            ...always,
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...exchange.headers,
          },
          ...(body === undefined ? {} : { body }),
          ...(body instanceof ReadableStream ? { duplex: 'half' as const } : {}),
          ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
          redirect: 'error',
        });
        if (!reply.ok) throw await replyError(reply, url);
        return await read(reply);
      } catch (thrown) {
        throw transportError(thrown, url, signal);
      }
    },
  };
}

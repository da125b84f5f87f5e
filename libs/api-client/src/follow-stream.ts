import type { ApiRoute } from '@takt/contracts';
import type { TaktError } from '@takt/kernel';
import { createParser } from 'eventsource-parser';
import { schemaError } from './reply-error.js';
import { routeUrl } from './route-url.js';
import type { Transport } from './transport.js';
import { transportError } from './transport-error.js';

export interface StreamOptions {
  readonly signal?: AbortSignal | undefined;
  /** First pause before a new connection, in ms; doubles up to 10 s. Default 500, or what the server asks for. */
  readonly retryMs?: number;
}

/** One message of a stream as it came. */
export interface StreamMessage {
  readonly url: URL;
  readonly id: string | undefined;
  readonly data: string;
}

export interface StreamSource<T> {
  readonly route: ApiRoute;
  /** What each connection is asked with; the first and every later one. */
  readonly ask: () => { readonly query?: Readonly<Record<string, unknown>>; readonly headers?: Readonly<Record<string, string>> };
  /** Undefined drops the message. */
  readonly read: (message: StreamMessage) => T | undefined;
}

export type StreamNotification<T> =
  | { readonly type: 'connected' }
  | { readonly type: 'message'; readonly value: T }
  | { readonly type: 'disconnected'; readonly error: TaktError; readonly retryInMs: number };

interface From {
  readonly transport: Transport;
  readonly base: URL;
}

const MAX_RETRY_MS = 10_000;

/**
 * Server-sent events over fetch, which can carry a token and tells a refusal from an outage, as `EventSource` cannot. A lost
 * connection is opened again; a first connection that fails, and any refusal that waiting does not mend, is thrown. Ends
 * without an error when the signal is aborted.
 */
export async function* followStream<T>(
  from: From,
  source: StreamSource<T>,
  options: StreamOptions,
): AsyncGenerator<StreamNotification<T>, void, undefined> {
  const { signal } = options;
  const aborted = (): boolean => signal?.aborted === true;
  const pause = { ms: options.retryMs ?? 500 };
  let wasConnected = false;
  let attempt = 0;
  while (!aborted()) {
    let lost: TaktError;
    try {
      for await (const notification of oneConnection(from, source, signal, pause)) {
        wasConnected = true;
        attempt = 0;
        yield notification;
      }
      lost = transportError(new Error('the stream ended'), from.base, undefined);
    } catch (thrown) {
      if (aborted()) return;
      lost = transportError(thrown, from.base, undefined);
      if (!wasConnected || !lost.retryable) throw lost;
    }
    if (aborted()) return;
    const retryInMs = Math.min(MAX_RETRY_MS, pause.ms * 2 ** attempt++);
    yield { type: 'disconnected', error: lost, retryInMs };
    await sleep(retryInMs, signal);
  }
}

async function* oneConnection<T>(
  { transport, base }: From,
  { route, ask, read }: StreamSource<T>,
  signal: AbortSignal | undefined,
  pause: { ms: number },
): AsyncGenerator<StreamNotification<T>, void, undefined> {
  const { query, headers } = ask();
  const url = routeUrl(base, route, {}, query);
  const body = await transport.send(
    { route, url, headers: { accept: 'text/event-stream', ...headers }, signal, timeoutMs: null },
    (reply) => Promise.resolve(reply.body),
  );
  if (body === null) throw schemaError(url, 'no event stream');
  yield { type: 'connected' };

  const ready: T[] = [];
  const parser = createParser({
    onRetry: (ms) => void (pause.ms = Math.max(1, ms)),
    onEvent: (message) => {
      const value = read({ url, id: message.id, data: message.data });
      if (value !== undefined) ready.push(value);
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of chunksOf(body)) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    for (const value of ready.splice(0)) yield { type: 'message', value };
  }
}

/** Not every browser can iterate a stream by itself. Whoever leaves the loop ends the connection. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

const sleep = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
    if (signal?.aborted === true) done();
  });

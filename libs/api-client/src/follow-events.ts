import { setTimeout as sleep } from 'node:timers/promises';
import { apiRoutes, eventViewSchema } from '@takt/contracts';
import type { EventView } from '@takt/contracts';
import type { TaktError } from '@takt/kernel';
import { createParser } from 'eventsource-parser';
import { parseJson, schemaError } from './reply-error.js';
import { routeUrl } from './route-url.js';
import type { Transport } from './transport.js';
import { transportError } from './transport-error.js';

export interface FollowOptions {
  /** Begin after this event's `seq`; without it, with what happens from now on. */
  readonly after?: number;
  readonly signal?: AbortSignal | undefined;
  /** First pause before a new connection, in ms; doubles up to 10 s. Default 500, or what the server asks for. */
  readonly retryMs?: number;
}

/** The caller decides what to show of it. */
export type EventNotification =
  | { readonly type: 'connected' }
  | { readonly type: 'event'; readonly event: EventView }
  | { readonly type: 'disconnected'; readonly error: TaktError; readonly retryInMs: number };

const MAX_RETRY_MS = 10_000;

/**
 * Events in order, each once. A lost connection is opened again with `Last-Event-ID`; a first connection that fails, and
 * any refusal that waiting does not mend, is thrown. Ends without an error when the signal is aborted.
 */
export async function* followEvents(
  from: { transport: Transport; base: URL },
  options: FollowOptions,
): AsyncGenerator<EventNotification, void, undefined> {
  const { signal } = options;
  const aborted = (): boolean => signal?.aborted === true;
  const cursor = { lastSeq: undefined as number | undefined, retryMs: options.retryMs ?? 500 };
  let wasConnected = false;
  let attempt = 0;
  while (!aborted()) {
    let lost: TaktError;
    try {
      for await (const notification of oneConnection(from, options, cursor)) {
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
    const retryInMs = Math.min(MAX_RETRY_MS, cursor.retryMs * 2 ** attempt++);
    yield { type: 'disconnected', error: lost, retryInMs };
    await sleep(retryInMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}

async function* oneConnection(
  { transport, base }: { transport: Transport; base: URL },
  options: FollowOptions,
  cursor: { lastSeq: number | undefined; retryMs: number },
): AsyncGenerator<EventNotification, void, undefined> {
  const route = apiRoutes.streamEvents;
  const resume = cursor.lastSeq;
  const url = routeUrl(base, route, {}, resume === undefined ? { after: options.after } : {});
  const headers = { accept: 'text/event-stream', ...(resume === undefined ? {} : { 'last-event-id': String(resume) }) };
  const body = await transport.send({ route, url, headers, signal: options.signal, timeoutMs: null }, (reply) =>
    Promise.resolve(reply.body),
  );
  if (body === null) throw schemaError(url, 'no event stream');
  yield { type: 'connected' };

  const ready: EventView[] = [];
  const parser = createParser({
    onRetry: (ms) => void (cursor.retryMs = Math.max(1, ms)),
    onEvent: (message) => {
      const parsed = eventViewSchema.safeParse(parseJson(message.data));
      if (!parsed.success) throw schemaError(url, `event ${message.id ?? ''}`);
      if (cursor.lastSeq !== undefined && parsed.data.seq <= cursor.lastSeq) return;
      cursor.lastSeq = parsed.data.seq;
      ready.push(parsed.data);
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    for (const event of ready.splice(0)) yield { type: 'event', event };
  }
}

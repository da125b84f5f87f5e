import { apiRoutes, eventViewSchema } from '@takt/contracts';
import type { EventView } from '@takt/contracts';
import type { TaktError } from '@takt/kernel';
import { followStream } from './follow-stream.js';
import type { StreamOptions } from './follow-stream.js';
import { parseJson, schemaError } from './reply-error.js';
import type { Transport } from './transport.js';

export interface FollowOptions extends StreamOptions {
  /** Begin after this event's `seq`; without it, with what happens from now on. */
  readonly after?: number;
}

/** The caller decides what to show of it. */
export type EventNotification =
  | { readonly type: 'connected' }
  | { readonly type: 'event'; readonly event: EventView }
  | { readonly type: 'disconnected'; readonly error: TaktError; readonly retryInMs: number };

/** Events in order, each once: a lost connection is opened again with `Last-Event-ID`. Fails as {@link followStream} does. */
export async function* followEvents(
  from: { transport: Transport; base: URL },
  options: FollowOptions,
): AsyncGenerator<EventNotification, void, undefined> {
  let lastSeq: number | undefined;
  const source = {
    route: apiRoutes.streamEvents,
    ask: () => (lastSeq === undefined ? { query: { after: options.after } } : { headers: { 'last-event-id': String(lastSeq) } }),
    read: ({ url, id, data }: { url: URL; id: string | undefined; data: string }): EventView | undefined => {
      const parsed = eventViewSchema.safeParse(parseJson(data));
      if (!parsed.success) throw schemaError(url, `event ${id ?? ''}`);
      if (lastSeq !== undefined && parsed.data.seq <= lastSeq) return undefined;
      lastSeq = parsed.data.seq;
      return parsed.data;
    },
  };
  for await (const notification of followStream(from, source, options)) {
    yield notification.type === 'message' ? { type: 'event', event: notification.value } : notification;
  }
}

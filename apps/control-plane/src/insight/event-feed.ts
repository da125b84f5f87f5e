import type { EventView, eventQuerySchema } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import { isBadValue } from '@takt/persistence';
import type { Database } from '@takt/persistence';
import { Observable } from 'rxjs';
import type { z } from 'zod';
import type { RequestContext } from '../http/context.js';

const POLL_MS = 5_000;
const PAGE = 200;

/**
 * Number of the event that a client saw last, from its `Last-Event-ID`; undefined where it sends none.
 *
 * @throws TaktError `RequestInvalid`
 */
export function lastSeen(header: string | readonly string[] | undefined): number | undefined {
  if (header === undefined || header === '') return undefined;
  const seq = typeof header === 'string' && /^\d{1,16}$/.test(header) ? Number(header) : Number.NaN;
  if (Number.isSafeInteger(seq)) return seq;
  throw new TaktError({
    code: 'RequestInvalid',
    message: 'the header Last-Event-ID is not the number of an event',
    action: 'send the id of the last event that was received, or leave the header out',
  });
}

export class EventFeed {
  constructor(private readonly db: Database) {}

  async list(ctx: RequestContext, query: z.output<typeof eventQuerySchema>): Promise<EventView[]> {
    const filter = { object: query.object, limit: query.limit };
    return query.after === undefined
      ? this.db.stores.events.newest(filter, ctx.siteScope)
      : this.db.stores.events.after(query.after, filter, ctx.siteScope);
  }

  /** Events after `from` (after the newest where it is left out), then each as it is committed, in order and without gaps. */
  follow(ctx: RequestContext, from: number | undefined): Observable<EventView> {
    return new Observable((subscriber) => {
      let reading = false;
      let again = false;
      let last: number | undefined = from;
      const read = async (): Promise<void> => {
        if (reading) {
          again = true;
          return;
        }
        reading = true;
        try {
          do {
            again = false;
            last ??= await this.db.stores.events.lastSeq();
            const page = await this.db.stores.events.after(last, { limit: PAGE }, ctx.siteScope);
            for (const event of page) {
              subscriber.next(event);
              last = event.seq;
            }
            if (page.length === PAGE) again = true;
          } while (again && !subscriber.closed);
        } catch (error) {
          // While the database is away, the next wake or poll reads on from the same place.
          if (isBadValue(error)) subscriber.error(error);
        } finally {
          reading = false;
        }
      };
      const wake = (): void => void read();
      const unlisten = this.db.listen('takt_events', wake);
      const timer = setInterval(wake, POLL_MS);
      wake();
      return () => {
        clearInterval(timer);
        unlisten();
      };
    });
  }
}

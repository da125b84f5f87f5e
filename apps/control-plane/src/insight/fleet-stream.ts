import type { FleetFigures } from '@takt/contracts';
import type { Clock, Logger } from '@takt/kernel';
import type { Database, SlotFigures } from '@takt/persistence';
import { Observable, ReplaySubject, map, share } from 'rxjs';
import { DEFAULT_PAUSES } from '../boot/pauses.js';
import { Ticker } from '../boot/ticker.js';
import type { RequestContext } from '../http/context.js';
import { seesSite } from '../http/context.js';

/** The whole fleet at one moment, for all listeners. */
interface Snapshot {
  readonly at: string;
  readonly nodes: readonly { readonly siteId: string; readonly total: number; readonly online: number }[];
  readonly slots: readonly SlotFigures[];
}

/** What the caller may see of it. */
function figuresFor(ctx: RequestContext, { at, nodes, slots }: Snapshot): FleetFigures {
  const sites = nodes.filter((site) => seesSite(ctx, site.siteId));
  return {
    at,
    nodes: {
      total: sites.reduce((sum, site) => sum + site.total, 0),
      online: sites.reduce((sum, site) => sum + site.online, 0),
    },
    slots: slots.filter((slot) => seesSite(ctx, slot.siteId)).map(({ slotId, online, metrics }) => ({ slotId, online, metrics })),
  };
}

/** Live figures. The database is asked once for all listeners of this process, and not at all while nobody listens. */
export class FleetStream {
  readonly #snapshots: Observable<Snapshot>;

  constructor(db: Pick<Database, 'stores'>, clock: Clock, logger: Logger, everyMs = DEFAULT_PAUSES.fleetFigures) {
    this.#snapshots = new Observable<Snapshot>((subscriber) => {
      const read = async (): Promise<void> => {
        const [slots, nodes] = await Promise.all([db.stores.slots.figures(), db.stores.nodes.countsBySite()]);
        subscriber.next({ at: new Date(clock.now()).toISOString(), nodes, slots });
      };
      // While the database is away listeners see that `at` stands still.
      const ticker = new Ticker({ name: 'fleet figures', pauseMs: everyMs }, read, { clock, logger });
      ticker.start();
      return () => void ticker.stop();
    }).pipe(share({ connector: () => new ReplaySubject<Snapshot>(1) }));
  }

  /** Begins with the newest figures there are. */
  follow(ctx: RequestContext): Observable<FleetFigures> {
    return this.#snapshots.pipe(map((snapshot) => figuresFor(ctx, snapshot)));
  }
}

import type { EventView } from '@takt/contracts';
import type { Stores } from '@takt/persistence';

interface What {
  readonly code: string;
  readonly message: string;
  readonly object: EventView['object'];
  readonly siteId: string | null;
  readonly severity?: EventView['severity'];
  readonly data?: EventView['data'];
}

/** Adds an entry to the record of the caller's transaction. */
export function record(stores: Stores, actor: string, at: Date, what: What): void {
  stores.events.append({
    at,
    actor,
    code: what.code,
    severity: what.severity ?? 'info',
    message: what.message,
    object: what.object,
    siteId: what.siteId,
    data: what.data ?? {},
  });
}

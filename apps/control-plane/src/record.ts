import type { EventView } from '@takt/contracts';
import type { Stores } from '@takt/persistence';
import { storableJson, storableText } from './reports/storable.js';

interface What {
  readonly code: string;
  readonly message: string;
  readonly object: EventView['object'];
  readonly siteId: string | null;
  readonly severity?: EventView['severity'];
  readonly data?: EventView['data'];
}

/**
 * Adds an entry to the record of the caller's transaction. Text of nodes and servers in it is brought to what the database takes: an
 * entry that it refused would take the whole transaction with it.
 */
export function record(stores: Stores, actor: string, at: Date, what: What): void {
  stores.events.append({
    at,
    actor,
    code: what.code,
    severity: what.severity ?? 'info',
    message: storableText(what.message),
    object: what.object,
    siteId: what.siteId,
    data: (storableJson(what.data ?? {}) ?? {}) as EventView['data'],
  });
}

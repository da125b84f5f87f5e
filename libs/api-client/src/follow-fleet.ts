import { apiRoutes, fleetFiguresSchema } from '@takt/contracts';
import type { FleetFigures } from '@takt/contracts';
import type { TaktError } from '@takt/kernel';
import { followStream } from './follow-stream.js';
import type { StreamMessage, StreamOptions } from './follow-stream.js';
import { parseJson, schemaError } from './reply-error.js';
import type { Transport } from './transport.js';

export type FleetNotification =
  | { readonly type: 'connected' }
  | { readonly type: 'figures'; readonly figures: FleetFigures }
  | { readonly type: 'disconnected'; readonly error: TaktError; readonly retryInMs: number };

const read = ({ url, data }: StreamMessage): FleetFigures => {
  const parsed = fleetFiguresSchema.safeParse(parseJson(data));
  if (!parsed.success) throw schemaError(url, 'fleet figures');
  return parsed.data;
};

/** Live figures; each message replaces the one before, so nothing is asked for again after a lost connection. */
export async function* followFleet(
  from: { transport: Transport; base: URL },
  options: StreamOptions,
): AsyncGenerator<FleetNotification, void, undefined> {
  for await (const notification of followStream(from, { route: apiRoutes.streamFleet, ask: () => ({}), read }, options)) {
    yield notification.type === 'message' ? { type: 'figures', figures: notification.value } : notification;
  }
}

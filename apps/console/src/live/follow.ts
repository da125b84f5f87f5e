import type { ApiClient } from '@takt/api-client';
import type { EventView } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { LinkState, LiveStore } from './live-store.js';

interface Followed {
  readonly client: Pick<ApiClient, 'events' | 'fleet'>;
  readonly store: LiveStore;
  /** A short call; its failure means that the server is out of reach. */
  readonly pulse: () => Promise<unknown>;
  readonly onEvent: (event: EventView) => void;
  /** After every new connection: what happened in between is not known. */
  readonly onConnected: () => void;
  /** A refusal that waiting does not mend: the session ended. */
  readonly onRefused: (error: TaktError) => void;
}

type StreamName = 'events' | 'fleet';
type Once = (connection: AbortSignal, set: (state: LinkState) => void) => Promise<void>;

/** Figures come every two seconds; a connection that is silent this long is dead, whatever the socket says. */
const SILENT_MS = 15_000;
const RETRY_MS = 3_000;
/** From one page with figures to the next the stream stays open. */
const LINGER_MS = 2_000;

/**
 * Keeps the streams open until the signal is aborted, from the first connection on, whatever happens to the network: events
 * always, figures while somebody looks at them, for a browser has six connections per server.
 */
export function follow(parts: Followed, signal: AbortSignal): void {
  const { client, store } = parts;
  const links = new Map<StreamName, LinkState>([['events', 'connecting']]);
  const connections = new Set<AbortController>();
  const tell = (): void => {
    const states = [...links.values()];
    store.setLink(states.every((one) => one === 'live') ? 'live' : states.includes('reconnecting') ? 'reconnecting' : 'connecting');
  };
  /** One that is dead says so of the others. */
  const renew = (): void => {
    for (const connection of connections) connection.abort();
  };

  const keep = async (name: StreamName, stop: AbortSignal, once: Once): Promise<void> => {
    const set = (state: LinkState): void => {
      if (stop.aborted) return;
      links.set(name, state);
      tell();
    };
    while (!stop.aborted) {
      const connection = new AbortController();
      const end = (): void => connection.abort();
      connections.add(connection);
      stop.addEventListener('abort', end);
      try {
        await once(connection.signal, set);
      } catch (thrown) {
        const error = thrown instanceof TaktError ? thrown : TaktError.from(thrown, { code: 'StreamFailed', action: 'reload the page' });
        if (!stop.aborted && !error.retryable) parts.onRefused(error);
      } finally {
        connections.delete(connection);
        stop.removeEventListener('abort', end);
      }
      set('reconnecting');
      if (!stop.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  };

  const events: Once = async (connection, set) => {
    for await (const notification of client.events({ signal: connection })) {
      if (notification.type === 'connected') {
        set('live');
        parts.onConnected();
      } else if (notification.type === 'event') parts.onEvent(notification.event);
      else set('reconnecting');
    }
  };
  const fleet: Once = async (connection, set) => {
    let silent = setTimeout(renew, SILENT_MS);
    try {
      for await (const notification of client.fleet({ signal: connection })) {
        clearTimeout(silent);
        silent = setTimeout(renew, SILENT_MS);
        if (notification.type === 'figures') {
          set('live');
          store.take(notification.figures);
        } else if (notification.type === 'disconnected') set('reconnecting');
      }
    } finally {
      clearTimeout(silent);
    }
  };

  let figures: AbortController | undefined;
  let linger: ReturnType<typeof setTimeout> | undefined;
  const closeFigures = (): void => {
    figures?.abort();
    figures = undefined;
    links.delete('fleet');
  };
  const onWanted = (wanted: boolean): void => {
    clearTimeout(linger);
    if (wanted && figures === undefined) {
      figures = new AbortController();
      links.set('fleet', 'connecting');
      tell();
      void keep('fleet', figures.signal, fleet);
    } else if (!wanted && figures !== undefined) {
      linger = setTimeout(() => {
        closeFigures();
        store.forget();
        tell();
      }, LINGER_MS);
    }
  };

  void keep('events', signal, events);
  // Events may be rare: without figures nothing else tells a quiet connection from a dead one.
  const beat = setInterval(() => {
    if (figures === undefined && links.get('events') === 'live') parts.pulse().catch(renew);
  }, SILENT_MS);
  const deaf = store.onFiguresWanted(onWanted);
  signal.addEventListener('abort', () => {
    deaf();
    clearTimeout(linger);
    clearInterval(beat);
    closeFigures();
  });
}

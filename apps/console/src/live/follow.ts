import type { ApiClient } from '@takt/api-client';
import type { EventView } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { LinkState, LiveStore } from './live-store.js';

interface Followed {
  readonly client: Pick<ApiClient, 'events' | 'fleet'>;
  readonly store: LiveStore;
  readonly onEvent: (event: EventView) => void;
  /** After every new connection: what happened in between is not known. */
  readonly onConnected: () => void;
  /** A refusal that waiting does not mend: the session ended. */
  readonly onRefused: (error: TaktError) => void;
}

/** Figures come every two seconds; a connection that is silent this long is dead, whatever the socket says. */
const SILENT_MS = 15_000;
const RETRY_MS = 3_000;

/** Keeps both streams open until the signal is aborted, from the first connection on, whatever happens to the network. */
export function follow(parts: Followed, signal: AbortSignal): void {
  const links: Record<'events' | 'fleet', LinkState> = { events: 'connecting', fleet: 'connecting' };
  const set = (name: keyof typeof links, state: LinkState): void => {
    if (signal.aborted) return;
    links[name] = state;
    const states = Object.values(links);
    parts.store.setLink(states.every((one) => one === 'live') ? 'live' : states.includes('reconnecting') ? 'reconnecting' : 'connecting');
  };

  const keep = async (name: keyof typeof links, once: (inner: AbortSignal, alive: () => void) => Promise<void>): Promise<void> => {
    while (!signal.aborted) {
      const inner = new AbortController();
      const end = (): void => inner.abort();
      signal.addEventListener('abort', end);
      let watchdog: ReturnType<typeof setTimeout> | undefined;
      const alive = (): void => {
        clearTimeout(watchdog);
        if (name === 'fleet') watchdog = setTimeout(end, SILENT_MS);
      };
      alive();
      try {
        await once(inner.signal, alive);
      } catch (thrown) {
        const error = thrown instanceof TaktError ? thrown : TaktError.from(thrown, { code: 'StreamFailed', action: 'reload the page' });
        if (!signal.aborted && !error.retryable) parts.onRefused(error);
      } finally {
        clearTimeout(watchdog);
        signal.removeEventListener('abort', end);
      }
      if (signal.aborted) return;
      set(name, 'reconnecting');
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  };

  void keep('events', async (inner) => {
    for await (const notification of parts.client.events({ signal: inner })) {
      if (notification.type === 'connected') {
        set('events', 'live');
        parts.onConnected();
      } else if (notification.type === 'event') parts.onEvent(notification.event);
      else set('events', 'reconnecting');
    }
  });
  void keep('fleet', async (inner, alive) => {
    for await (const notification of parts.client.fleet({ signal: inner })) {
      alive();
      if (notification.type === 'figures') {
        set('fleet', 'live');
        parts.store.take(notification.figures);
      } else if (notification.type === 'disconnected') set('fleet', 'reconnecting');
    }
  });
}

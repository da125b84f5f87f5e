import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { useClient } from '../data/client-context.js';
import { follow } from './follow.js';
import { LiveStore } from './live-store.js';
import type { LiveSlot, LiveView } from './live-store.js';
import { staleTopics } from './stale-keys.js';

const LiveContext = createContext<LiveStore | undefined>(undefined);

/** Events come in bursts; one reading after the burst is enough. */
const SETTLE_MS = 400;
/** A hidden tab gives its connections back: a browser has six per server for all its tabs. */
const HIDDEN_MS = 20_000;

export function LiveProvider({ children }: { children: ReactNode }): ReactElement {
  const client = useClient();
  const queries = useQueryClient();
  const [store] = useState(() => new LiveStore());

  useEffect(() => {
    const stale = new Set<string>();
    let settle: ReturnType<typeof setTimeout> | undefined;
    let hide: ReturnType<typeof setTimeout> | undefined;
    let running: AbortController | undefined;

    const flush = (): void => {
      settle = undefined;
      for (const topic of stale) void queries.invalidateQueries({ queryKey: [topic] });
      stale.clear();
    };
    const start = (): void => {
      if (running !== undefined) return;
      running = new AbortController();
      const { signal } = running;
      follow(
        {
          client,
          store,
          onEvent: (event) => {
            for (const topic of staleTopics(event)) stale.add(topic);
            settle ??= setTimeout(flush, SETTLE_MS);
          },
          onConnected: () => void queries.invalidateQueries(),
          onRefused: () => void queries.invalidateQueries({ queryKey: ['me'] }),
        },
        signal,
      );
    };
    const stop = (): void => {
      running?.abort();
      running = undefined;
      store.setLink('connecting');
    };
    const onVisibility = (): void => {
      clearTimeout(hide);
      if (document.hidden) hide = setTimeout(stop, HIDDEN_MS);
      else start();
    };

    document.addEventListener('visibilitychange', onVisibility);
    onVisibility();
    return () => {
      document.removeEventListener('visibilitychange', onVisibility);
      clearTimeout(settle);
      clearTimeout(hide);
      stop();
    };
  }, [client, queries, store]);

  return <LiveContext value={store}>{children}</LiveContext>;
}

export function useLiveStore(): LiveStore {
  const store = useContext(LiveContext);
  if (store === undefined) throw new Error('no LiveProvider above');
  return store;
}

export function useLiveView(): LiveView {
  const store = useLiveStore();
  return useSyncExternalStore(store.subscribe, store.view);
}

/** Live figures of one slot; draws again only when they change. */
export function useLiveSlot(slotId: string): LiveSlot | undefined {
  const store = useLiveStore();
  return useSyncExternalStore(store.subscribe, () => store.slot(slotId));
}

/** Draws again with every message. */
export function useLiveRound(): LiveStore {
  const store = useLiveStore();
  useSyncExternalStore(store.subscribe, store.round);
  return store;
}

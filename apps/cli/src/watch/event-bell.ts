import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '@takt/api-client';

/** Events come in bursts; one look serves them all, ms. */
const GATHER_MS = 200;

/**
 * Rings when something happened, so that a watcher looks at once and not only at its next turn. Without the stream (a proxy
 * that holds it back, an outage) the turns alone are left.
 */
export interface EventBell {
  /** Settles when something happened since the last call, after `ms` at the latest, or when the signal is aborted. */
  next(ms: number): Promise<void>;
}

export function listenForEvents(client: ApiClient, signal: AbortSignal): EventBell {
  let rung = false;
  let wake: (() => void) | undefined;
  const listen = async (): Promise<void> => {
    for await (const notification of client.events({ signal })) {
      if (notification.type === 'disconnected') continue;
      rung = true;
      wake?.();
    }
  };
  void listen().catch(() => undefined);
  return {
    next: async (ms) => {
      if (!rung) {
        const turn = new AbortController();
        const ring = new Promise<void>((resolve) => (wake = resolve));
        await Promise.race([ring, sleep(ms, undefined, { signal: AbortSignal.any([signal, turn.signal]) }).catch(() => undefined)]);
        turn.abort();
      }
      wake = undefined;
      await sleep(GATHER_MS, undefined, { signal }).catch(() => undefined);
      rung = false;
    },
  };
}

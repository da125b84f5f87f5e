import type { ApiClient, FleetNotification } from '@takt/api-client';
import type { EventView } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { follow } from './follow.js';
import { LiveStore } from './live-store.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const connected: FleetNotification & { readonly type: 'connected' } = { type: 'connected' };
const figures: FleetNotification = { type: 'figures', figures: { at: '', nodes: { total: 1, online: 1 }, slots: [] } };

/** Yields what it was given, then waits until it is aborted; or throws. */
async function* stream<T>(given: readonly (T | TaktError)[], signal: AbortSignal | undefined): AsyncGenerator<T, void, undefined> {
  for (const each of given) {
    if (each instanceof TaktError) throw each;
    yield each;
  }
  await new Promise<void>((done) => signal?.addEventListener('abort', () => done()));
}

const started = (fleetRuns: (FleetNotification | TaktError)[][]) => {
  const store = new LiveStore();
  const seen = { events: [] as EventView[], connected: 0, refused: [] as string[], fleetRuns: 0 };
  const stop = new AbortController();
  const client: Pick<ApiClient, 'events' | 'fleet'> = {
    events: (options) => stream([connected], options?.signal),
    fleet: (options) => stream(fleetRuns[Math.min(seen.fleetRuns++, fleetRuns.length - 1)] ?? [], options?.signal),
  };
  follow(
    {
      client,
      store,
      onEvent: (event) => seen.events.push(event),
      onConnected: () => (seen.connected += 1),
      onRefused: (error) => seen.refused.push(error.code),
    },
    stop.signal,
  );
  return { store, seen, stop };
};

const error = (code: string, retryable: boolean): TaktError => new TaktError({ code, message: code, action: '', retryable });

describe('follow', () => {
  it('is live once both streams are', async () => {
    const { store, seen, stop } = started([[connected, figures]]);
    await vi.advanceTimersByTimeAsync(1);
    expect(store.view().link).toBe('live');
    expect(seen.connected).toBe(1);
    stop.abort();
  });

  it('tries again after a first connection that found nobody', async () => {
    const { store, stop } = started([[error('ControlPlaneUnreachable', true)], [connected, figures]]);
    await vi.advanceTimersByTimeAsync(1);
    expect(store.view().link).toBe('reconnecting');
    await vi.advanceTimersByTimeAsync(3_001);
    expect(store.view().link).toBe('live');
    stop.abort();
  });

  it('gives up a connection that is silent, and opens another', async () => {
    const { store, seen, stop } = started([[connected, figures]]);
    await vi.advanceTimersByTimeAsync(15_001);
    expect(store.view().link).toBe('reconnecting');
    await vi.advanceTimersByTimeAsync(3_001);
    expect(seen.fleetRuns).toBe(2);
    expect(store.view().link).toBe('live');
    stop.abort();
  });

  it('asks who is logged in when it is refused, and stops for good when told', async () => {
    const { seen, stop } = started([[error('NotAuthenticated', false)]]);
    await vi.advanceTimersByTimeAsync(1);
    expect(seen.refused).toEqual(['NotAuthenticated']);
    stop.abort();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen.fleetRuns).toBe(1);
  });
});

import type { FleetFigures } from '@takt/contracts';
import { describe, expect, it } from 'vitest';
import { LiveStore } from './live-store.js';
import type { LiveSlot } from './live-store.js';
import { staleTopics } from './stale-keys.js';

const slot = (slotId: string, deliveredFps: number, framesDelivered = 1): LiveSlot =>
  ({ slotId, online: true, metrics: { slotId, deliveredFps, framesDelivered, counters: null } }) as unknown as LiveSlot;
const figures = (...slots: LiveSlot[]): FleetFigures => ({ at: '2026-11-25T02:00:00Z', nodes: { total: 2, online: 1 }, slots });

describe('LiveStore', () => {
  it('keeps the object of a slot whose figures did not change, and drops slots that are gone', () => {
    const store = new LiveStore();
    store.take(figures(slot('a', 20), slot('b', 10)));
    const before = store.slot('a');
    store.take(figures(slot('a', 20, 900)));
    expect(store.slot('a')).toBe(before);
    expect(store.slot('b')).toBeUndefined();
    store.take(figures(slot('a', 21)));
    expect(store.slot('a')?.metrics?.deliveredFps).toBe(21);
    expect(store.view()).toEqual({ link: 'connecting', nodes: { total: 2, online: 1 } });
  });

  it('tells whoever listens, and not of a state that it was in already', () => {
    const store = new LiveStore();
    let told = 0;
    const stop = store.subscribe(() => (told += 1));
    store.setLink('live');
    store.setLink('live');
    expect(told).toBe(1);
    stop();
    store.setLink('reconnecting');
    expect(told).toBe(1);
    expect(store.view().link).toBe('reconnecting');
  });
});

describe('staleTopics', () => {
  it('reads again what an event changed, and everything after one of an unknown kind', () => {
    expect(staleTopics({ object: { kind: 'model', id: '', name: '' } })).toEqual(['events', 'models']);
    expect(staleTopics({ object: { kind: 'deployment', id: '', name: '' } })).toContain('rollouts');
    expect(staleTopics({ object: { kind: 'spaceship', id: '', name: '' } })).toContain('status');
  });
});

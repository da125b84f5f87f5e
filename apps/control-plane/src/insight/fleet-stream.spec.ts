import type { FleetFigures } from '@takt/contracts';
import { silentLogger } from '@takt/kernel';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { RequestContext } from '../http/context.js';
import { FleetStream } from './fleet-stream.js';

const EVERY_MS = 20;

const caller = (siteScope: string[] | null): RequestContext => ({ actor: 'a', role: 'viewer', siteScope, requestId: '' });

describe('FleetStream', () => {
  it('asks the database once for all listeners, begins with what is known, and stops with the last listener', async () => {
    const figures = vi.fn(() =>
      Promise.resolve([
        { slotId: 's1', siteId: 'north', online: true, metrics: null },
        { slotId: 's2', siteId: 'south', online: false, metrics: null },
      ]),
    );
    const countsBySite = vi.fn(() =>
      Promise.resolve([
        { siteId: 'north', total: 3, online: 2 },
        { siteId: 'south', total: 1, online: 0 },
      ]),
    );
    const db = { stores: { slots: { figures }, nodes: { countsBySite } } } as unknown as ConstructorParameters<typeof FleetStream>[0];
    const stream = new FleetStream(db, { now: () => Date.now(), monotonic: () => 0 }, silentLogger, EVERY_MS);
    const all: FleetFigures[] = [];
    const north: FleetFigures[] = [];
    const first = stream.follow(caller(null)).subscribe((message) => all.push(message));
    await vi.waitUntil(() => all.length > 0, { interval: 1 });
    const second = stream.follow(caller(['north'])).subscribe((message) => north.push(message));
    expect(north).toEqual([{ ...all.at(-1), nodes: { total: 3, online: 2 }, slots: [all.at(-1)?.slots[0]] }]);
    await vi.waitUntil(() => all.length > 3, { interval: 1 });
    expect(figures.mock.calls.length).toBe(all.length);
    expect(all[0]).toMatchObject({ nodes: { total: 4, online: 2 }, slots: [{ slotId: 's1' }, { slotId: 's2' }] });
    expect(north[0]).toMatchObject({ nodes: { total: 3, online: 2 }, slots: [{ slotId: 's1' }] });
    expect(JSON.stringify(north)).not.toContain('s2');
    first.unsubscribe();
    second.unsubscribe();
    const asked = figures.mock.calls.length;
    await sleep(5 * EVERY_MS);
    expect(figures.mock.calls.length).toBe(asked);
    // Whoever comes later gets nothing stale.
    const later: FleetFigures[] = [];
    const third = stream.follow(caller(null)).subscribe((message) => later.push(message));
    expect(later).toEqual([]);
    await vi.waitUntil(() => later.length > 0, { interval: 1 });
    third.unsubscribe();
  });
});

import type { Heartbeat } from '@takt/contracts';
import { silentLogger } from '@takt/kernel';
import type { NodeId } from '@takt/kernel';
import type { HeardNode, Stores } from '@takt/persistence';
import { describe, expect, it } from 'vitest';
import { Heartbeats } from './heartbeats.js';

const id = (name: string): NodeId => name as never;
const heartbeat = (observedGeneration = 0): Heartbeat => ({ observedGeneration, slots: [] }) as unknown as Heartbeat;
const badValue = (): Error => Object.assign(new Error('value "3000000000" is out of range for type integer'), { code: '22003' });

interface Fleet {
  readonly heartbeats: Heartbeats;
  /** What each node's row says. */
  readonly rows: Map<string, Heartbeat | null>;
  readonly leased: Set<string>;
  readonly events: string[];
  readonly sampled: string[];
  readonly calls: () => number;
  readonly wait: (ms: number) => void;
  fail: Error | null;
}

/** Rows in memory that take a batch as a whole or not at all. Generations above 100 are more than they take. */
const fleet = (): Fleet => {
  const seen = new Map<string, number>();
  let time = 0;
  let calls = 0;
  const made: Omit<Fleet, 'heartbeats' | 'calls' | 'wait'> = { rows: new Map(), leased: new Set(), events: [], sampled: [], fail: null };
  const transaction = async <T>(work: (stores: Stores) => Promise<T>): Promise<T> => {
    if (made.fail !== null) throw made.fail;
    const writes: (() => void)[] = [];
    const stores = {
      nodes: {
        saveHeartbeats: (beats: HeardNode[]) => {
          calls += 1;
          writes.push(() => {
            for (const beat of beats) {
              made.rows.set(beat.nodeId, beat.heartbeat);
              seen.set(beat.nodeId, time);
            }
          });
          return Promise.resolve(beats.map((beat) => beat.nodeId).filter((node) => !made.rows.has(node)));
        },
        markOffline: (before: Date) => {
          const gone = [...seen].filter(([, at]) => at < before.getTime()).map(([node]) => node);
          for (const node of gone) seen.delete(node);
          return Promise.resolve(gone);
        },
        find: (node: string) => Promise.resolve({ id: node, name: node, siteId: 'site' }),
      },
      jobs: {
        extendLeases: (nodes: string[]) => {
          writes.push(() => {
            for (const node of nodes) made.leased.add(node);
          });
          return Promise.resolve();
        },
      },
      desired: {
        behind: (nodes: { observedGeneration: number }[]) =>
          nodes.some((node) => node.observedGeneration > 100) ? Promise.reject(badValue()) : Promise.resolve([]),
      },
      events: {
        append: (event: { code: string; object: { name: string } }) =>
          writes.push(() => made.events.push(`${event.code} ${event.object.name}`)),
      },
    };
    const result = await work(stores as unknown as Stores);
    for (const write of writes) write();
    return result;
  };
  const heartbeats = new Heartbeats(
    { transaction },
    { now: () => time, monotonic: () => time },
    { nodeOfflineMs: 20_000, jobLeaseMs: 20_000 },
    {
      record: (beats) => {
        made.sampled.push(...beats.map((beat) => beat.nodeId));
        return Promise.resolve([]);
      },
    },
    silentLogger,
  );
  return Object.assign(made, { heartbeats, calls: () => calls, wait: (ms: number) => (time += ms) });
};
const NODES = Array.from({ length: 100 }, (_, index) => `n${String(index)}`);

describe('Heartbeats', () => {
  it('of a node whose content the database refuses keep it alive, and touch no other node', async () => {
    const all = fleet();
    for (let beat = 0; beat < 20; beat += 1) {
      for (const name of NODES) all.heartbeats.receive(id(name), heartbeat(name === 'n42' ? 3_000_000_000 : 1));
      await all.heartbeats.flush();
      all.wait(5_000);
    }
    expect(all.rows.size).toBe(100);
    expect(all.rows.get('n42')).toBeNull();
    expect(all.rows.get('n41')).toMatchObject({ observedGeneration: 1 });
    expect(all.leased.size).toBe(100);
    expect(all.sampled).toHaveLength(20 * 99);
    expect(all.events.filter((event) => event.startsWith('NodeOffline'))).toEqual([]);
    expect(all.events.filter((event) => !event.startsWith('NodeOnline'))).toEqual(['HeartbeatRefused n42']);
    // The first flush finds it by halves; after that it is three calls: the others, it, and its sign of life.
    expect(all.calls()).toBeLessThan(2 * 8 + 1 + 20 * 3);
  });

  it('that do not follow their contract are signs of life, and are recorded once', async () => {
    const all = fleet();
    for (let beat = 0; beat < 10; beat += 1) {
      all.heartbeats.receive(id('good'), heartbeat());
      all.heartbeats.receiveInvalid(id('bad'), { message: 'observedGeneration: too big', action: 'update it' });
      await all.heartbeats.flush();
      all.wait(5_000);
    }
    expect([...all.rows.keys()]).toEqual(['good', 'bad']);
    expect(all.leased).toContain('bad');
    expect(all.events).toEqual(['NodeOnline good', 'NodeOnline bad', 'HeartbeatInvalid bad']);
    expect(new Set(all.sampled)).toContain('good');
  });

  it('mark the nodes that are silent, whatever another one sends', async () => {
    const all = fleet();
    all.heartbeats.receive(id('silent'), heartbeat());
    for (let beat = 0; beat < 10; beat += 1) {
      all.heartbeats.receive(id('bad'), heartbeat(3_000_000_000));
      await all.heartbeats.flush();
      all.wait(5_000);
    }
    expect(all.events.filter((event) => event.startsWith('NodeOffline'))).toEqual(['NodeOffline silent']);
  });

  it('wait for a database that is away', async () => {
    const all = fleet();
    all.heartbeats.receive(id('one'), heartbeat(7));
    all.fail = new Error('connection lost');
    await expect(all.heartbeats.flush()).rejects.toThrow('connection lost');
    all.fail = null;
    await all.heartbeats.flush();
    expect(all.rows.get('one')).toMatchObject({ observedGeneration: 7 });
    const calls = all.calls();
    await all.heartbeats.flush();
    expect(all.calls()).toBe(calls);
  });
});

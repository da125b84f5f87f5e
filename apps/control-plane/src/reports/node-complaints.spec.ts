import { silentLogger } from '@takt/kernel';
import type { Stores } from '@takt/persistence';
import { describe, expect, it } from 'vitest';
import { NodeComplaints } from './node-complaints.js';

const complaint = { code: 'HeartbeatRefused', message: 'sends rubbish', action: 'update it' };

/** A record in memory; `fail` gives the error of the next transactions. */
const office = (): {
  complaints: NodeComplaints;
  events: string[];
  wait: (ms: number) => void;
  fail: (error: Error | undefined) => void;
} => {
  const events: string[] = [];
  let time = 0;
  let failure: Error | undefined;
  const stores = {
    nodes: { find: (id: string) => Promise.resolve(id === 'unknown' ? null : { id, name: id, siteId: 'site' }) },
    events: { append: ({ message }: { message: string }) => events.push(message) },
  } as unknown as Stores;
  const complaints = new NodeComplaints(
    { transaction: async (work) => (failure === undefined ? work(stores) : Promise.reject(failure)) },
    { now: () => time, monotonic: () => time },
    silentLogger,
    3,
  );
  return { complaints, events, wait: (ms) => (time += ms), fail: (error) => (failure = error) };
};
const add = (complaints: NodeComplaints, ...ids: string[]): void => {
  for (const id of ids) complaints.add(id as never, complaint);
};

describe('NodeComplaints', () => {
  it('records a fault once per node and code', async () => {
    const { complaints, events } = office();
    for (let i = 0; i < 5; i += 1) {
      add(complaints, 'a', 'b', 'unknown');
      await complaints.flush();
    }
    complaints.add('a' as never, { ...complaint, code: 'Other' });
    await complaints.flush();
    expect(events).toEqual(['node a sends rubbish', 'node b sends rubbish', 'node a sends rubbish']);
  });

  it('records it again when it returns after an hour without it', async () => {
    const { complaints, events, wait } = office();
    for (let i = 0; i < 10; i += 1) {
      add(complaints, 'a');
      await complaints.flush();
      wait(1_800_000);
    }
    expect(events).toHaveLength(1);
    wait(3_600_000);
    add(complaints, 'a');
    await complaints.flush();
    expect(events).toHaveLength(2);
  });

  it('keeps it while there is no database, and drops what the database refuses', async () => {
    const { complaints, events, fail } = office();
    add(complaints, 'a');
    fail(new Error('connection lost'));
    await expect(complaints.flush()).rejects.toThrow('connection lost');
    fail(undefined);
    await complaints.flush();
    expect(events).toHaveLength(1);
    add(complaints, 'b');
    fail(Object.assign(new Error('bad'), { code: '22021' }));
    await complaints.flush();
    fail(undefined);
    await complaints.flush();
    expect(events).toHaveLength(1);
  });

  it('remembers a bounded number of faults', async () => {
    const { complaints, events } = office();
    add(complaints, 'a', 'b', 'c', 'd');
    await complaints.flush();
    expect(events).toHaveLength(3);
    add(complaints, 'd', 'a');
    await complaints.flush();
    expect(events).toHaveLength(4);
  });
});

import type { EventView, Explanation, NodeView } from '@takt/contracts';
import { until } from '@takt/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FACTS, TestNode } from './test-node.js';
import { Harness } from './harness.js';

let harness: Harness;
let raw: pg.Client;
let node: TestNode;

beforeAll(async () => {
  harness = await Harness.start({ TAKT_NODE_OFFLINE_SECONDS: '600' });
  raw = new pg.Client({ connectionString: harness.stack.postgres.url });
  await raw.connect();
  await harness.ok('POST', '/sites', { name: 'north' });
  await harness.ok('POST', '/lines', {
    site: 'north',
    slug: 'press',
    requiredFps: 1,
    source: { kind: 'image-directory', path: '/frames', fps: 100 },
  });
  node = await TestNode.join(harness, 'north', 'one');
  await harness.ok('POST', '/slots', { line: 'press', node: 'one', model: 'detector' });
});
afterAll(async () => {
  await node.close();
  await raw.end();
  await harness.stop();
});

const change = (requiredFps: number): Promise<unknown> => harness.ok('PATCH', '/lines/press', { requiredFps });
const events = async (code: string): Promise<EventView[]> =>
  (await harness.ok<{ items: EventView[] }>('GET', '/events?limit=1000')).items.filter((event) => event.code === code);
const explained = (): Promise<Explanation> => harness.ok('GET', '/explain/nodes/one');
const published = async (): Promise<number> => (await node.connection.getDesired())?.generation ?? 0;
const wanted = async (): Promise<number> => (await harness.ok<NodeView>('GET', '/nodes/one')).desiredGeneration;

describe('a database that was put back', () => {
  it('is told apart by nodes ahead of it: one event, shown until the generation has passed', async () => {
    for (const fps of [2, 3, 4]) await change(fps);
    await until('all is published', async () => (await published()) === (await wanted()));
    const before = await published();
    await raw.query('UPDATE desired_states SET generation = generation - 2');
    const beat = (): void => {
      node.connection.publishHeartbeat({
        schemaVersion: 1,
        nodeId: node.identity.nodeId,
        at: new Date().toISOString(),
        uptimeSeconds: 1,
        rssMiB: 50,
        observedGeneration: before,
        lastSeq: node.seq,
        slots: [],
      });
    };
    await until('it is recorded', async () => {
      beat();
      return (await events('DesiredStateConflict')).length > 0;
    });
    expect(await explained()).toMatchObject({ reason: 'DesiredStateConflict' });
    await change(5);
    await until('nothing waits for the relay', async () => (await raw.query('SELECT 1 FROM outbox')).rowCount === 0);
    expect(await events('DesiredStateConflict')).toMatchObject([{ data: { brokerGeneration: before, generation: before - 2 } }]);
    expect(await published()).toBe(before);
    for (const fps of [6, 7]) await change(fps);
    await until('the next generation is published', async () => (await published()) === before + 1);
    await until('the end is recorded', async () => (await events('DesiredStateConflictEnded')).length === 1);
    expect((await explained()).reason).not.toBe('DesiredStateConflict');
  });

  it('goes on with the oldest report the node still has, and records what is lost', async () => {
    for (let count = 0; count < 6; count += 1) await node.report({ ...FACTS, fingerprint: `f${String(count)}` });
    await node.confirmed();
    const { nodeId } = node.identity;
    await raw.query('UPDATE node_report_cursor SET seq = 1 WHERE node_id = $1', [nodeId]);
    // One of those in between is kept: it was parked when the backup was made.
    await raw.query('DELETE FROM reports WHERE node_id = $1 AND seq > 1 AND seq <> 5', [nodeId]);
    await node.report({ ...FACTS, fingerprint: 'last' });
    await until('it is parked', async () => (await raw.query('SELECT 1 FROM reports WHERE seq = $1', [node.seq])).rowCount === 1);
    expect((await node.connection.request('confirm', { lastSeq: node.seq })).confirmedSeq).toBe(1);
    expect((await node.connection.request('confirm', { lastSeq: node.seq, firstSeq: 2 })).confirmedSeq).toBe(1);
    const reply = await node.connection.request('confirm', { lastSeq: node.seq, firstSeq: node.seq });
    expect(reply.confirmedSeq).toBe(node.seq);
    expect(await events('ReportsLost')).toMatchObject([{ data: { after: 1, before: node.seq, lost: node.seq - 3 } }]);
    expect((await harness.ok<NodeView>('GET', '/nodes/one')).fingerprint).toBe('last');
    await node.report({ ...FACTS, fingerprint: 'next' });
    await node.confirmed();
  });
});

import { reportSubject } from '@takt/contracts';
import type { EventView, NodeView } from '@takt/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './harness.js';
import { FACTS, TestNode } from './test-node.js';

let harness: Harness;
let node: TestNode;

beforeAll(async () => {
  harness = await Harness.start();
  await harness.ok('POST', '/sites', { name: 'north' });
  node = await TestNode.join(harness, 'north', 'one');
});
afterAll(async () => {
  await node.close();
  await harness.stop();
});

const condition = (message: string) => ({
  kind: 'condition' as const,
  condition: { type: 'DiskSpace', status: 'true' as const, reason: 'Enough', message, action: null, since: new Date().toISOString() },
});
const refusals = async (): Promise<number> =>
  (await harness.ok<{ items: EventView[] }>('GET', '/events?limit=1000')).items.filter((event) => event.code === 'ReportInvalid').length;
const seen = async (): Promise<string | undefined> =>
  (await harness.ok<NodeView>('GET', `/nodes/${node.identity.nodeId}`)).conditions.find((known) => known.type === 'DiskSpace')?.message;

/** Sends the next report as the node's agent would not, and a good one after it. */
const sendThenGood = async (change: object, good: string): Promise<void> => {
  node.seq += 1;
  const report = { ...node.envelope(node.seq, FACTS), ...change };
  await node.connection.nats.request(reportSubject(node.identity.nodeId), JSON.stringify(report), { timeout: 5000 });
  await node.report(condition(good));
  await node.confirmed();
};

describe('a report that makes no sense', () => {
  it.each([
    ['a body of another version', { body: { kind: 'weather', rain: true } }],
    ['no body', { body: undefined }],
    ['a body that is nested without end', { body: JSON.parse(`${'['.repeat(1_000)}${']'.repeat(1_000)}`) as unknown }],
    ['another version', { schemaVersion: 2 }],
    ['no time', { at: 'yesterday' }],
  ])('(%s) is recorded and passed over', async (what, change) => {
    const before = await refusals();
    await sendThenGood(change, what);
    expect(await refusals()).toBe(before + 1);
    expect(await seen()).toBe(what);
  });

  it('(a time that the database refuses) is stored with the time it came', async () => {
    const before = await refusals();
    await sendThenGood({ at: '0000-01-01T00:00:00Z' }, 'old');
    expect(await refusals()).toBe(before);
    expect(await seen()).toBe('old');
  });

  it('(text that the database refuses) is stored without what it refuses', async () => {
    const before = await refusals();
    await sendThenGood({ body: condition('full \0 of \ud800 holes') }, 'good');
    expect(await refusals()).toBe(before);
    const stored = await harness.controlPlane.parts.db.stores.reports.find(node.identity.nodeId, node.seq - 1);
    expect(stored?.body).toMatchObject({ condition: { message: 'full \ufffd of \ufffd holes' } });
    expect(await seen()).toBe('good');
  });
});

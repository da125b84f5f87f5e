import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { REPORT_CONSUMER, REPORT_STREAM } from '@takt/contracts';
import type { NodeId } from '@takt/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ControlConnection, NodeConnection, ProvisionedStreams } from '../src/index.js';
import { desired, newNodeId, report } from './builders.js';
import { TestNats, until } from './nats.js';
import { connectAs, connectService } from './connections.js';

describe('a server that restarts', () => {
  let nats: TestNats;
  let control: ControlConnection;
  let node: NodeConnection;
  let nodeId: NodeId;
  const stored = new Set<number>();
  let storing = Promise.resolve();
  const provisioned: ProvisionedStreams[] = [];
  beforeAll(async () => {
    nats = await TestNats.create();
    control = await connectService(nats);
    nodeId = newNodeId();
    node = await connectAs(nats, nodeId);
    control.consumeReports({
      handler: async ({ report: { seq } }) => {
        await storing;
        stored.add(seq);
      },
      onProvisioned: (streams) => provisioned.push(streams),
    });
    await until('streams exist', () => provisioned.length > 0);
    await control.ensureDesired(desired(nodeId, 1));
  });
  afterAll(async () => {
    await node.close();
    await control.close();
    await nats.destroy();
  });

  const publishUntilTaken = async (seq: number): Promise<void> =>
    until(`report ${String(seq)} was taken`, () =>
      node.publishReport(report(nodeId, seq)).then(
        () => true,
        (error: unknown) => {
          expect(error).toMatchObject({ retryable: true });
          return false;
        },
      ),
    );

  it('is found again by node, control plane and consumer', async () => {
    await publishUntilTaken(1);
    const seen: string[] = [];
    const follow = async (): Promise<void> => {
      for await (const notification of node.notifications()) seen.push(notification.type);
    };
    void follow();
    await nats.kill();
    await expect(node.publishReport(report(nodeId, 2))).rejects.toMatchObject({ retryable: true });
    await nats.start();
    await publishUntilTaken(2);
    await until('both are stored', () => stored.has(1) && stored.has(2));
    expect((await node.getDesired())?.generation).toBe(1);
    expect(seen).toContain('disconnected');
    expect(seen.at(-1)).toBe('connected');
  });

  it('with its store wiped gets its streams again, and the other identity is visible', async () => {
    const before = (await control.provisionStreams()).desired.created;
    await nats.kill();
    await nats.wipeStore();
    await nats.start();
    await publishUntilTaken(3);
    await until('the report is stored', () => stored.has(3));
    const after = (await control.provisionStreams()).desired;
    expect(after.created).not.toBe(before);
    expect(provisioned.some((streams) => streams.desired.created === after.created && streams.desired.createdNow)).toBe(true);
    expect(await control.readDesired(nodeId)).toBeUndefined();
    expect(await control.ensureDesired(desired(nodeId, 1))).toMatchObject({ outcome: 'published' });
    expect((await node.getDesired())?.generation).toBe(1);
  });

  it('hands out reports under numbers that its consumer counts as delivered, since it forgot messages that were acknowledged later', async () => {
    await publishUntilTaken(11);
    await until('the report is stored', () => stored.has(11));
    await nats.kill();
    const putBack = await nats.keepMessages(REPORT_STREAM);
    await nats.start();
    let store = (): void => undefined;
    storing = new Promise((resolve) => {
      store = resolve;
    });
    for (let seq = 12; seq <= 20; seq += 1) await publishUntilTaken(seq);
    // The control plane may be connecting again still, and its question go unanswered.
    await until('all are in hand', async () => {
      const jsm = await jetstreamManager(control.nats, { checkAPI: false });
      return jsm.consumers.info(REPORT_STREAM, REPORT_CONSUMER).then(
        ({ num_ack_pending }) => num_ack_pending >= 9,
        () => false,
      );
    });
    await nats.kill();
    await putBack();
    await nats.start();
    await until('the control plane is connected', () =>
      control.provisionStreams().then(
        () => true,
        () => false,
      ),
    );
    store();
    await until('those in hand are stored', () => stored.has(20));
    await publishUntilTaken(21);
    await until('the report is stored', () => stored.has(21));
  });

  it('does not strand a node that starts while it is down', async () => {
    await nats.kill();
    const id = newNodeId();
    const pending = connectAs(nats, id);
    await sleep(700);
    await nats.start();
    const late = await pending;
    expect(late.isConnected()).toBe(true);
    await late.close();
  });
});

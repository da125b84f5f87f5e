import type { Heartbeat, JoinReply, Report, ReportBody } from '@takt/contracts';
import { silentLogger } from '@takt/kernel';
import type { Clock } from '@takt/kernel';
import { connectNode, createNodeKey, signNonce } from '@takt/messaging';
import type { NodeConnection, NodeKey } from '@takt/messaging';
import { until } from '@takt/testing';
import type { Answer, Harness } from './harness.js';

export const FACTS: Extract<ReportBody, { kind: 'facts' }> = {
  kind: 'facts',
  facts: {
    hostname: 'box',
    cpu: {
      vendor: 'GenuineIntel',
      model: 'Test CPU',
      architecture: 'x64',
      isa: ['avx2'],
      int8DotProduct: 'avx-vnni',
      sockets: 1,
      physicalCores: 2,
      logicalCores: 2,
      numaNodes: 1,
      maxMhz: null,
    },
    memoryMiB: 4096,
    accelerators: [],
    os: { id: 'rocky', versionId: '8', name: 'Rocky Linux 8', kernel: '4.18' },
    libc: { family: 'glibc', version: '2.28' },
    disk: { totalMiB: 10_000, freeMiB: 5_000 },
    engines: { onnxruntime: '1.30.0' },
  },
  profile: { name: 'x64-avx-vnni-2c', summary: 'two cores' },
  fingerprint: 'f1',
  agentVersion: '0.1.0',
};

/** Plays a node over its own identity: joins, reports, beats. It decides nothing by itself. */
export class TestNode {
  seq = 0;
  #beats = 0;

  private constructor(
    readonly key: NodeKey,
    readonly identity: JoinReply,
    readonly connection: NodeConnection,
    readonly clock: Clock,
  ) {}

  static async ask(harness: Harness, key: NodeKey, token: string, hostname: string, name?: string): Promise<Answer<JoinReply>> {
    const { body } = await harness.call<{ nonce: string }>('POST', '/join/challenge', { publicKey: key.publicKey }, '');
    const signature = signNonce(key.seed, body.nonce);
    return harness.call<JoinReply>('POST', '/join', { token, publicKey: key.publicKey, nonce: body.nonce, signature, hostname, name }, '');
  }

  /** Joins with a fresh token, says what it is and is online when this returns. */
  static async join(harness: Harness, site: string, hostname: string): Promise<TestNode> {
    const { token } = await harness.ok<{ token: string }>('POST', '/join-tokens', { site });
    const key = createNodeKey();
    const { body: identity } = await TestNode.ask(harness, key, token, hostname);
    const connection = await connectNode({
      servers: identity.natsUrls,
      nodeId: identity.nodeId,
      jwt: () => identity.jwt,
      seed: key.seed,
      logger: silentLogger,
    });
    const node = new TestNode(key, identity, connection, harness.clock);
    node.beat();
    await node.report(FACTS);
    await node.confirmed();
    await until(`node ${hostname} is online`, async () => {
      node.beat();
      if (harness.byHand) await harness.pass();
      return (await harness.ok<{ online: boolean }>('GET', `/nodes/${identity.nodeId}`)).online;
    });
    return node;
  }

  envelope(seq: number, body: ReportBody): Report {
    return { schemaVersion: 1, nodeId: this.identity.nodeId, seq, at: this.#time(), observedGeneration: 0, body };
  }

  async report(body: ReportBody): Promise<void> {
    this.seq += 1;
    await this.connection.publishReport(this.envelope(this.seq, body));
  }

  /** Waits until the database has everything that was reported. */
  async confirmed(): Promise<void> {
    await until(
      `report ${String(this.seq)} is confirmed`,
      async () => (await this.connection.request('confirm', { lastSeq: this.seq })).confirmedSeq >= this.seq,
    );
  }

  /** Returns its number, which the heartbeat has as `uptimeSeconds`. */
  beat(slots: Heartbeat['slots'] = []): number {
    this.#beats += 1;
    this.connection.publishHeartbeat({
      schemaVersion: 1,
      nodeId: this.identity.nodeId,
      at: this.#time(),
      uptimeSeconds: this.#beats,
      rssMiB: 50,
      observedGeneration: 0,
      lastSeq: this.seq,
      slots,
    });
    return this.#beats;
  }

  #time(): string {
    return new Date(this.clock.now()).toISOString();
  }

  async close(): Promise<void> {
    await this.connection.close();
  }
}

import type { Heartbeat } from '@takt/contracts';
import type { Clock, Logger, NodeId, TaktErrorData } from '@takt/kernel';
import { isRowRefused } from '@takt/persistence';
import type { Database, HeardNode, Stores } from '@takt/persistence';
import { DEFAULT_PAUSES } from '../boot/pauses.js';
import { Ticker } from '../boot/ticker.js';
import { WatchedWork } from '../boot/watched-work.js';
import { record } from '../record.js';
import { IsolatedWrites } from './isolated-writes.js';
import type { RefusedEntry } from './isolated-writes.js';
import { NodeComplaints } from './node-complaints.js';
import type { SampleRecorder } from './sample-recorder.js';

/** Longest write that is not yet called stuck, ms: soon after it nodes would count as offline. */
const STUCK_AFTER_MS = 10_000;
const SAME_VERSION = 'run the same takt version on the node and the control plane';

/**
 * Keeps the last heartbeat of each node in memory and writes all of them in one statement every few seconds, samples of their
 * counters in another; derives from them which nodes are online. What is lost with the process comes again with the next heartbeat.
 * A heartbeat whose content is refused, by its contract or by the database, is still a sign of life: only its content is dropped,
 * and no other node notices.
 */
export class Heartbeats {
  readonly #pending = new Map<NodeId, HeardNode>();
  /** Nodes ahead of their row that were given to the relay since this process started. */
  readonly #compared = new Set<NodeId>();
  readonly #writes = new IsolatedWrites<HeardNode>(({ nodeId }) => nodeId, isRowRefused);
  readonly #complaints: NodeComplaints;
  readonly #ticker: Ticker;
  readonly #sampling: WatchedWork;
  /** Since when, in the monotonic clock's ms, nodes could be heard. */
  #hearingSince: number;

  constructor(
    private readonly db: Pick<Database, 'transaction'>,
    private readonly clock: Clock,
    private readonly times: { readonly nodeOfflineMs: number; readonly jobLeaseMs: number },
    private readonly samples: Pick<SampleRecorder, 'record'>,
    logger: Logger,
    private readonly connected: () => boolean = () => true,
    /** Between two writes. */
    pauseMs: number = DEFAULT_PAUSES.heartbeats,
  ) {
    this.#hearingSince = clock.monotonic();
    this.#complaints = new NodeComplaints(db, clock, logger);
    this.#ticker = new Ticker({ name: 'heartbeats', pauseMs, stuckAfterMs: STUCK_AFTER_MS }, () => this.flush(), { clock, logger });
    this.#sampling = new WatchedWork('samples', { clock, logger });
  }

  /** Writing the heartbeats, and apart from it their samples. */
  get works(): readonly WatchedWork[] {
    return [this.#ticker.work, this.#sampling];
  }

  start(): void {
    this.#ticker.start();
  }

  stop(): Promise<void> {
    return this.#ticker.stop();
  }

  /** A node without a clock or with a wrong one is online too: the time is ours. */
  receive(nodeId: NodeId, heartbeat: Heartbeat): void {
    this.#pending.set(nodeId, { nodeId, at: new Date(this.clock.now()), heartbeat });
  }

  /** A heartbeat that does not follow its contract: the node is alive, and what is wrong goes on record. */
  receiveInvalid(nodeId: NodeId, error: Pick<TaktErrorData, 'message' | 'action'>): void {
    const heartbeat = this.#pending.get(nodeId)?.heartbeat ?? null;
    this.#pending.set(nodeId, { nodeId, at: new Date(this.clock.now()), heartbeat });
    this.#complain(nodeId, 'HeartbeatInvalid', 'is heard, but its heartbeats are not taken', error);
  }

  async flush(): Promise<void> {
    const batch = [...this.#pending.values()];
    const now = new Date(this.clock.now());
    if (!this.connected()) this.#hearingSince = this.clock.monotonic();
    const refused = await this.#writes.write(batch, (part) => this.#save(part, now));
    await this.#keepAlive(refused, now);
    for (const beat of batch) if (this.#pending.get(beat.nodeId) === beat) this.#pending.delete(beat.nodeId);
    await this.#markOffline(now);
    const left = new Set(refused.map(({ entry }) => entry));
    await this.#sample(batch.filter((beat) => !left.has(beat)));
    await this.#complaints.flush();
  }

  async #save(part: readonly HeardNode[], now: Date): Promise<void> {
    const compared = await this.db.transaction(async (stores) => {
      const arrived = await stores.nodes.saveHeartbeats(part);
      await stores.jobs.extendLeases(
        part.map((beat) => beat.nodeId),
        new Date(now.getTime() + this.times.jobLeaseMs),
      );
      const ahead = await this.#compare(stores, part);
      for (const id of arrived) await note(stores, id, now, 'NodeOnline', 'info', 'is online');
      return ahead;
    });
    for (const id of compared) this.#compared.add(id);
  }

  /** A node ahead of its row shows that the database went back: the relay compares with the broker and records it. */
  async #compare(stores: Stores, part: readonly HeardNode[]): Promise<NodeId[]> {
    const ahead = await stores.desired.behind(
      part.flatMap(({ nodeId, heartbeat }) => (heartbeat === null ? [] : [{ nodeId, observedGeneration: heartbeat.observedGeneration }])),
    );
    const fresh = ahead.filter((id) => !this.#compared.has(id));
    if (fresh.length > 0) await stores.desired.markDirty(fresh);
    return fresh;
  }

  /** What the database does not take of a heartbeat says nothing about whether the node is alive. */
  async #keepAlive(refused: readonly RefusedEntry<HeardNode>[], now: Date): Promise<void> {
    for (const { entry, error } of refused) {
      this.#complain(entry.nodeId, 'HeartbeatRefused', 'is heard, but the database does not take its heartbeats', {
        message: messageOf(error),
        action: SAME_VERSION,
      });
      if (entry.heartbeat === null) continue;
      try {
        await this.#save([{ ...entry, heartbeat: null }], now);
      } catch (again) {
        if (!isRowRefused(again)) throw again;
      }
    }
  }

  async #markOffline(now: Date): Promise<void> {
    // One that has just started, or was without messaging, has heard no node yet, which says nothing about the nodes.
    if (this.clock.monotonic() - this.#hearingSince < this.times.nodeOfflineMs) return;
    const { nodeOfflineMs } = this.times;
    await this.db.transaction(async (stores) => {
      for (const id of await stores.nodes.markOffline(new Date(now.getTime() - nodeOfflineMs))) {
        const message = `was not heard for ${String(nodeOfflineMs / 1000)} s; it goes on serving`;
        await note(stores, id, now, 'NodeOffline', 'warning', message);
      }
    });
  }

  /** Apart from the heartbeats: counters only grow, so that a reading less loses nothing. */
  async #sample(batch: readonly HeardNode[]): Promise<void> {
    await this.#sampling.run(async () => {
      for (const { nodeId, error } of await this.samples.record(batch)) {
        this.#complain(nodeId, 'SamplesRefused', 'sends counters that the database does not take', {
          message: messageOf(error),
          action: SAME_VERSION,
        });
      }
    });
  }

  #complain(nodeId: NodeId, code: string, what: string, { message, action }: Pick<TaktErrorData, 'message' | 'action'>): void {
    this.#complaints.add(nodeId, { code, message: `${what}: ${message}`, action });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function note(stores: Stores, id: NodeId, now: Date, code: string, severity: 'info' | 'warning', message: string): Promise<void> {
  const node = await stores.nodes.find(id);
  if (node === null) return;
  record(stores, 'control-plane', now, {
    code,
    severity,
    message: `node ${node.name} ${message}`,
    object: { kind: 'node', id, name: node.name },
    siteId: node.siteId,
  });
}

import type { Heartbeat } from '@takt/contracts';
import type { Clock, Logger, NodeId } from '@takt/kernel';
import type { Database, Stores } from '@takt/persistence';
import { DEFAULT_PAUSES } from '../boot/pauses.js';
import { Ticker } from '../boot/ticker.js';
import { WatchedWork } from '../boot/watched-work.js';
import { record } from '../record.js';
import type { SampleRecorder } from './sample-recorder.js';

/** Longest write that is not yet called stuck, ms: soon after it nodes would count as offline. */
const STUCK_AFTER_MS = 10_000;

/**
 * Keeps the last heartbeat of each node in memory and writes all of them in one statement every few seconds, samples of their
 * counters in another; derives from them which nodes are online. What is lost with the process comes again with the next heartbeat.
 */
export class Heartbeats {
  readonly #pending = new Map<NodeId, { nodeId: NodeId; at: Date; heartbeat: Heartbeat }>();
  /** Nodes ahead of their row that were given to the relay since this process started. */
  readonly #compared = new Set<NodeId>();
  readonly #ticker: Ticker;
  readonly #sampling: WatchedWork;
  /** Since when, in the monotonic clock's ms, nodes could be heard. */
  #hearingSince: number;

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly times: { readonly nodeOfflineMs: number; readonly jobLeaseMs: number },
    private readonly samples: Pick<SampleRecorder, 'record'>,
    logger: Logger,
    private readonly connected: () => boolean = () => true,
    /** Between two writes. */
    pauseMs: number = DEFAULT_PAUSES.heartbeats,
  ) {
    this.#hearingSince = clock.monotonic();
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

  /** A node ahead of its row shows that the database went back: the relay compares with the broker and records it. */
  async #compare(stores: Stores, batch: readonly { nodeId: NodeId; heartbeat: Heartbeat }[]): Promise<void> {
    const ahead = await stores.desired.behind(
      batch.map(({ nodeId, heartbeat }) => ({ nodeId, observedGeneration: heartbeat.observedGeneration })),
    );
    const fresh = ahead.filter((id) => !this.#compared.has(id));
    if (fresh.length === 0) return;
    await stores.desired.markDirty(fresh);
    for (const id of fresh) this.#compared.add(id);
  }

  async flush(): Promise<void> {
    const batch = [...this.#pending.values()];
    const now = new Date(this.clock.now());
    if (!this.connected()) this.#hearingSince = this.clock.monotonic();
    await this.db.transaction(async (stores) => {
      if (batch.length > 0) {
        const arrived = await stores.nodes.saveHeartbeats(batch);
        await stores.jobs.extendLeases(
          batch.map((beat) => beat.nodeId),
          new Date(now.getTime() + this.times.jobLeaseMs),
        );
        await this.#compare(stores, batch);
        for (const id of arrived) await note(stores, id, now, 'NodeOnline', 'info', 'is online');
      }
      // One that has just started, or was without messaging, has heard nobody yet, which says nothing about the nodes.
      if (this.clock.monotonic() - this.#hearingSince < this.times.nodeOfflineMs) return;
      for (const id of await stores.nodes.markOffline(new Date(now.getTime() - this.times.nodeOfflineMs))) {
        await note(
          stores,
          id,
          now,
          'NodeOffline',
          'warning',
          `was not heard for ${String(this.times.nodeOfflineMs / 1000)} s; it goes on serving`,
        );
      }
    });
    for (const beat of batch) if (this.#pending.get(beat.nodeId) === beat) this.#pending.delete(beat.nodeId);
    // Counters only grow, so that a reading less loses nothing.
    await this.#sampling.run(() => this.samples.record(batch));
  }
}

async function note(stores: Stores, id: NodeId, now: Date, code: string, severity: 'info' | 'warning', words: string): Promise<void> {
  const node = await stores.nodes.find(id);
  if (node === null) return;
  record(stores, 'control-plane', now, {
    code,
    severity,
    message: `node ${node.name} ${words}`,
    object: { kind: 'node', id, name: node.name },
    siteId: node.siteId,
  });
}

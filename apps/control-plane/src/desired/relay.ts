import { setTimeout as sleep } from 'node:timers/promises';
import type { DesiredState, EventView } from '@takt/contracts';
import { LogField } from '@takt/kernel';
import type { Clock, Logger, NodeId } from '@takt/kernel';
import type { ControlConnection, EnsureOutcome } from '@takt/messaging';
import type { Database, DesiredRow, DirtyRow, Stores } from '@takt/persistence';
import { WatchedWork } from '../boot/watched-work.js';
import { within } from '../boot/within.js';
import { record } from '../record.js';
import { noteStreamSeq } from './stream-watch.js';

const BATCH = 50;
/** Between two full batches, so that publishing ten thousand nodes again leaves room for everything else. */
const PACE_MS = 20;
const POLL_MS = 5_000;
const RETRY_MS = 1_000;
/** How long the batch in hand may take when the relay is stopped, ms. */
const STOP_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;
/** Each failure may have waited for a time-out; a batch must end long before the database gives up its transaction. */
const FAILURES_PER_BATCH = 3;
/** Attempts that failed before the one whose failure is recorded: a single one may be chance. */
const EVENT_AFTER = 1;

/**
 * Publishes dirty nodes' *current* rows. The outbox rows are gone only when the transaction around the publishing commits;
 * a kill in between publishes the same row again, which changes nothing, and the sequence guard keeps an older generation
 * from replacing a newer one, however many relays run.
 */
export class OutboxRelay {
  readonly work: WatchedWork;
  readonly #stop = new AbortController();
  #wake: (() => void) | null = null;
  #running: Promise<void> | null = null;
  /** Nodes that could not be published, until they are, and when that was tried last in monotonic ms. */
  readonly #putOffNodes = new Map<NodeId, { readonly error: unknown; readonly at: number }>();

  constructor(
    private readonly db: Database,
    private readonly control: Pick<ControlConnection, 'ensureDesired'>,
    private readonly clock: Clock,
    private readonly logger: Logger,
    /** Without a connection each attempt would hold its rows until a time-out; whoever connects again also wakes. */
    private readonly connected: () => boolean = () => true,
  ) {
    this.work = new WatchedWork('relay', { clock, logger });
  }

  start(): void {
    const unlisten = this.db.listen('takt_outbox', () => {
      this.wake();
    });
    this.#running = this.#run().finally(unlisten);
  }

  wake(): void {
    this.#wake?.();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.wake();
    if (this.#running !== null) await within(STOP_MS, this.#running);
  }

  /** Publishes one batch; returns how many nodes it held. Exposed for tests of two relays. */
  async publishBatch(): Promise<number> {
    return this.db.transaction(async (stores) => {
      const epoch = await stores.settings.epoch();
      const rows = await stores.desired.takeDirty(BATCH);
      let failures = 0;
      let lastSeq = 0;
      for (const row of rows) {
        if (failures >= FAILURES_PER_BATCH) {
          await stores.desired.requeue(row.nodeId, row.attempts, RETRY_MS);
          continue;
        }
        const seq = await this.#publish(stores, epoch, row);
        if (seq === undefined) failures += 1;
        else lastSeq = Math.max(lastSeq, seq);
      }
      // Last, since all relays raise the same row.
      if (lastSeq > 0) await noteStreamSeq(stores, lastSeq);
      return rows.length;
    });
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // Woken means: rows may have come after the batch was taken, so look again before sleeping.
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      let pause: number = POLL_MS;
      let published: number | undefined;
      if (this.connected()) {
        await this.work.run(async () => {
          published = await this.publishBatch();
          this.#throwForPutOff();
        });
        if (published === undefined) {
          await sleep(RETRY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
          continue;
        }
        if (published > 0) pause = PACE_MS;
      }
      await Promise.race([woken, sleep(pause, undefined, { signal: this.#stop.signal }).catch(() => undefined)]);
    }
  }

  /** A node that waits for its next attempt keeps no other from being published, and is a failure of this work all the same. */
  #throwForPutOff(): void {
    for (const [nodeId, { at }] of this.#putOffNodes) {
      // Another relay has published it, or the node is gone.
      if (this.clock.monotonic() - at > 2 * LONGEST_RETRY_MS) this.#putOffNodes.delete(nodeId);
    }
    const [first] = this.#putOffNodes.values();
    if (first === undefined) return;
    const why = first.error instanceof Error ? first.error.message : String(first.error);
    throw new Error(`what is wanted of ${String(this.#putOffNodes.size)} node(s) does not reach the broker: ${why}`, {
      cause: first.error,
    });
  }

  /** Its number in the stream. One node that cannot be published stops no other: it waits, longer each time (undefined). */
  async #publish(stores: Stores, epoch: string, row: DirtyRow): Promise<number | undefined> {
    const state: DesiredState = {
      schemaVersion: 1,
      nodeId: row.nodeId,
      epoch,
      generation: row.generation,
      digest: row.digest,
      issuedAt: row.issuedAt.toISOString(),
      body: row.body,
    };
    let outcome: EnsureOutcome;
    try {
      outcome = await this.control.ensureDesired(state);
    } catch (error) {
      await this.#putOff(stores, row, error);
      return undefined;
    }
    this.logger.debug('desired state relayed', {
      [LogField.nodeId]: row.nodeId,
      [LogField.generation]: row.generation,
      [LogField.state]: outcome.outcome,
    });
    this.#putOffNodes.delete(row.nodeId);
    await this.#noteConflict(stores, epoch, row, outcome);
    return outcome.streamSeq;
  }

  async #putOff(stores: Stores, row: DirtyRow, error: unknown): Promise<void> {
    // Without a connection the whole batch waits for it, and nothing is wrong with this node.
    if (!this.connected()) throw error;
    this.#putOffNodes.set(row.nodeId, { error, at: this.clock.monotonic() });
    await stores.desired.requeue(row.nodeId, row.attempts + 1, Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** Math.min(row.attempts, 10)));
    this.logger.warn('desired state not published, trying again', {
      [LogField.nodeId]: row.nodeId,
      [LogField.attempt]: row.attempts + 1,
      [LogField.error]: error,
    });
    if (row.attempts !== EVENT_AFTER) return;
    const why = error instanceof Error ? error.message : String(error);
    await this.#note(
      stores,
      row,
      { code: 'DesiredStateNotPublished', severity: 'error', data: { generation: row.generation } },
      (node) => `what is wanted of node ${node} does not reach the broker: ${why}`,
    );
  }

  /** Once per conflict, and once when it has ended. */
  async #noteConflict(stores: Stores, epoch: string, row: DesiredRow, outcome: EnsureOutcome): Promise<void> {
    const open = await stores.events.openConflict(row.nodeId);
    if (!('present' in outcome)) {
      if (open === undefined) return;
      await this.#note(
        stores,
        row,
        { code: 'DesiredStateConflictEnded', severity: 'info', data: { generation: row.generation } },
        (node) => `generation ${String(row.generation)} of node ${node} is with the broker again`,
      );
      return;
    }
    const { present } = outcome;
    // Another relay was faster: the row has moved on since it was taken.
    const now = outcome.outcome === 'newer-present' ? await stores.desired.find(row.nodeId) : null;
    if (now !== null && now.generation >= present.generation) return;
    if (open !== undefined && open.data['brokerEpoch'] === present.epoch && open.data['brokerGeneration'] === present.generation) return;
    await this.#note(
      stores,
      row,
      {
        code: 'DesiredStateConflict',
        severity: 'error',
        data: { brokerEpoch: present.epoch, brokerGeneration: present.generation, epoch, generation: row.generation },
      },
      (node) =>
        `the broker holds generation ${String(present.generation)} of node ${node} from another history of the database, which is at ${String(row.generation)}; nothing is sent to it`,
    );
  }

  async #note(
    stores: Stores,
    row: DesiredRow,
    what: Pick<EventView, 'code' | 'severity' | 'data'>,
    message: (node: string) => string,
  ): Promise<void> {
    const node = await stores.nodes.find(row.nodeId);
    const name = node?.name ?? row.nodeId;
    record(stores, 'control-plane', new Date(this.clock.now()), {
      ...what,
      message: message(name),
      object: { kind: 'node', id: row.nodeId, name },
      siteId: node?.siteId ?? null,
    });
  }
}

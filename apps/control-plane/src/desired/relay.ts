import { setTimeout as sleep } from 'node:timers/promises';
import type { DesiredState } from '@takt/contracts';
import { LogField } from '@takt/kernel';
import type { Clock, Logger } from '@takt/kernel';
import type { ControlConnection } from '@takt/messaging';
import type { Database, DesiredRow, Stores } from '@takt/persistence';
import { record } from '../record.js';

const BATCH = 50;
/** Between two full batches, so that publishing ten thousand nodes again leaves room for everything else. */
const PACE_MS = 20;
const POLL_MS = 5_000;
const RETRY_MS = 1_000;

/**
 * Publishes dirty nodes' *current* rows. The outbox rows are gone only when the transaction around the publishing commits;
 * a kill in between publishes the same row again, which changes nothing, and the sequence guard keeps an older generation
 * from replacing a newer one, however many relays run.
 */
export class OutboxRelay {
  readonly #stop = new AbortController();
  #wake: (() => void) | null = null;
  #running: Promise<void> | null = null;

  constructor(
    private readonly db: Database,
    private readonly control: Pick<ControlConnection, 'ensureDesired'>,
    private readonly clock: Clock,
    private readonly logger: Logger,
    /** Without a connection each attempt would hold its rows until a time-out; whoever connects again also wakes. */
    private readonly connected: () => boolean = () => true,
  ) {}

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
    await this.#running;
  }

  /** Publishes one batch; returns how many nodes it held. Exposed for tests of two relays. */
  async publishBatch(): Promise<number> {
    return this.db.transaction(async (stores) => {
      const epoch = await stores.settings.epoch();
      const rows = await stores.desired.takeDirty(BATCH);
      for (const row of rows) await this.#publish(stores, epoch, row);
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
      try {
        if (this.connected() && (await this.publishBatch()) > 0) pause = PACE_MS;
      } catch (error) {
        this.logger.warn('desired states not published, trying again', { [LogField.error]: error });
        await sleep(RETRY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
        continue;
      }
      await Promise.race([woken, sleep(pause, undefined, { signal: this.#stop.signal }).catch(() => undefined)]);
    }
  }

  async #publish(stores: Stores, epoch: string, row: DesiredRow): Promise<void> {
    const state: DesiredState = {
      schemaVersion: 1,
      nodeId: row.nodeId,
      epoch,
      generation: row.generation,
      digest: row.digest,
      issuedAt: row.issuedAt.toISOString(),
      body: row.body,
    };
    const outcome = await this.control.ensureDesired(state);
    this.logger.debug('desired state relayed', {
      [LogField.nodeId]: row.nodeId,
      [LogField.generation]: row.generation,
      [LogField.state]: outcome.outcome,
    });
    if (outcome.outcome !== 'conflict') return;
    const node = await stores.nodes.find(row.nodeId);
    record(stores, 'control-plane', new Date(this.clock.now()), {
      code: 'DesiredStateConflict',
      severity: 'error',
      message: `the broker holds generation ${String(outcome.present.generation)} of node ${node?.name ?? row.nodeId} from another history of the database; nothing is sent to it`,
      object: { kind: 'node', id: row.nodeId, name: node?.name ?? row.nodeId },
      siteId: node?.siteId ?? null,
      data: { brokerEpoch: outcome.present.epoch, brokerGeneration: outcome.present.generation, epoch, generation: row.generation },
    });
  }
}

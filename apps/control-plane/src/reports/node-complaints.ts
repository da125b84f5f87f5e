import { LogField } from '@takt/kernel';
import type { Clock, Logger, NodeId } from '@takt/kernel';
import type { Database } from '@takt/persistence';
import { isRowRefused } from '@takt/persistence';
import { record } from '../record.js';

/** What is wrong with something that a node sent. */
export interface Complaint {
  readonly code: string;
  /** What follows the name of the node: `sends heartbeats that are not taken: …`. */
  readonly message: string;
  /** Tells faults of one code apart that are each worth a record. */
  readonly about?: string;
  /** The one next action of an operator. */
  readonly action: string;
}

/** What a node says of something that belongs to another, or to none. */
export const notItsOwn = (kind: 'deployment' | 'job' | 'slot', id: string): Complaint => ({
  code: 'ReportRejected',
  about: kind,
  message: `reported on a ${kind} that is not its own (${id})`,
  action: 'if two nodes run with the same identity, join one of them again: takt-agent forget, then takt-agent join',
});

/** A node that went this long without the fault is recorded again when it returns, ms. */
const QUIET_MS = 3_600_000;

/**
 * Puts what is wrong with a node's messages on record: one event and one log line per node and fault, however often it repeats. What
 * is remembered is bounded, and lost with the process, so that a fault that lasts is recorded once more after a restart.
 */
export class NodeComplaints {
  /** When each fault was last seen, monotonic ms; the one that was seen longest ago is first. */
  readonly #seen = new Map<string, number>();
  readonly #waiting = new Map<string, { readonly nodeId: NodeId; readonly complaint: Complaint }>();

  constructor(
    private readonly db: Pick<Database, 'transaction'>,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly maxRemembered = 10_000,
  ) {}

  /** Keeps a complaint for the next `flush`, unless it is on record. */
  add(nodeId: NodeId, complaint: Complaint): void {
    const key = `${nodeId} ${complaint.code} ${complaint.about ?? ''}`;
    const now = this.clock.monotonic();
    const last = this.#seen.get(key);
    this.#seen.delete(key);
    this.#seen.set(key, now);
    const [oldest = key] = this.#seen.keys();
    if (this.#seen.size > this.maxRemembered) {
      this.#seen.delete(oldest);
      this.#waiting.delete(oldest);
    }
    if (last === undefined || now - last >= QUIET_MS) this.#waiting.set(key, { nodeId, complaint });
  }

  /** Writes what waits, each in its own transaction. Without a database it waits for the next call. */
  async flush(): Promise<void> {
    for (const [key, { nodeId, complaint }] of [...this.#waiting]) {
      try {
        await this.#write(nodeId, complaint);
      } catch (error) {
        if (!isRowRefused(error)) throw error;
        this.logger.error('complaint about a node not recorded', { [LogField.nodeId]: nodeId, [LogField.error]: error });
      }
      this.#waiting.delete(key);
    }
  }

  async #write(nodeId: NodeId, { code, message, action }: Complaint): Promise<void> {
    const name = await this.db.transaction(async (stores) => {
      const node = await stores.nodes.find(nodeId);
      if (node === null) return undefined;
      record(stores, 'control-plane', new Date(this.clock.now()), {
        code,
        severity: 'warning',
        message: `node ${node.name} ${message}`,
        object: { kind: 'node', id: node.id, name: node.name },
        siteId: node.siteId,
        data: { action },
      });
      return node.name;
    });
    this.logger.warn('message of a node refused', { [LogField.nodeId]: nodeId, code, node: name ?? 'unknown', reason: message, action });
  }
}

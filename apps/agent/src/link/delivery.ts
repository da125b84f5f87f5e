import { LogField } from '@takt/kernel';
import type { Clock, Logger } from '@takt/kernel';
import type { Reporter } from '../state/reporter.js';
import type { Link } from './link.js';

/** Time after which a report that NATS took but the database did not confirm is published again, ms. */
const REPUBLISH_MS = 20_000;
/** Reports published between two looks at the time. */
const BATCH = 100;

/**
 * Brings the journal to the database: publishes what is pending in order, asks up to where the database has it, deletes
 * only that. NATS's own receipt counts for nothing but for not publishing again at once.
 */
export class Delivery {
  readonly #reporter: Reporter;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Number to monotonic time of NATS's receipt. */
  readonly #taken = new Map<number, number>();
  #running = false;
  #again = false;

  constructor(reporter: Reporter, link: Link, clock: Clock, logger: Logger) {
    this.#reporter = reporter;
    this.#link = link;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Forgets NATS's receipts: after a reconnect its store may be another one. */
  reset(): void {
    this.#taken.clear();
  }

  /** Runs one round unless one runs; then another follows it. */
  async deliver(): Promise<void> {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    try {
      do {
        this.#again = false;
        await this.#round();
      } while (this.#again);
    } catch (thrown) {
      this.#logger.debug('reports wait', { [LogField.error]: thrown });
    } finally {
      this.#running = false;
    }
  }

  async #round(): Promise<void> {
    const connection = this.#link.connection;
    if (connection === undefined || !this.#link.connected) return;
    const { journal } = this.#reporter;
    if (journal.pendingCount === 0) {
      this.#taken.clear();
      return;
    }
    for (const seq of journal.pending(BATCH)) {
      const takenAt = this.#taken.get(seq);
      if (takenAt !== undefined && this.#clock.monotonic() - takenAt < REPUBLISH_MS) continue;
      await connection.publishReport(await this.#reporter.read(seq));
      this.#taken.set(seq, this.#clock.monotonic());
    }
    const [firstSeq] = journal.pending(1);
    const { confirmedSeq } = await connection.request('confirm', {
      lastSeq: journal.lastSeq,
      ...(firstSeq === undefined ? {} : { firstSeq }),
    });
    await this.#reporter.confirm(confirmedSeq);
    for (const seq of this.#taken.keys()) if (seq <= confirmedSeq) this.#taken.delete(seq);
    if (journal.pendingCount > 0 && !this.#taken.has(journal.confirmedSeq + 1)) this.#again = true;
  }
}

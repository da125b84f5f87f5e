import { LogField } from '@takt/kernel';
import type { Clock, Logger, NodeId, TaktError } from '@takt/kernel';
import type { IncomingReport } from '@takt/messaging';
import { isBadValue, isRowRefused } from '@takt/persistence';
import type { Database, StoredReport, Stores } from '@takt/persistence';
import { record } from '../record.js';
import type { ApplyReport } from './apply-report.js';
import { NodeComplaints } from './node-complaints.js';
import { storableJson, storableTime } from './storable.js';

/** Deliveries after which a row that clashes with others counts as refused: a clash with a transaction under way passes. */
const CLASHES = 3;
/** Deliveries after which a report that cannot be applied, whatever the cause, goes on record. */
const FAILURES = 5;

/** The report that is worked on, and those that the database refused. */
interface Course {
  seq: number;
  readonly refused: Set<number>;
}

/**
 * Stores a report and its effects in one transaction, per node in the order of `seq`. A repeated report changes nothing; one
 * that came before its predecessor is kept and applied together with it. Resolving means: the database has it.
 */
export class TakeReport {
  readonly #complaints: NodeComplaints;

  constructor(
    private readonly db: Pick<Database, 'transaction'>,
    private readonly apply: Pick<ApplyReport, 'execute'>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.#complaints = new NodeComplaints(db, clock, logger);
  }

  /** @param attempt how often this report was delivered, from 1 */
  async execute(report: IncomingReport, attempt = 1): Promise<void> {
    const isRefusal = attempt < CLASHES ? isBadValue : isRowRefused;
    try {
      await withoutRefused(report.seq, isRefusal, (course) => this.#take(report, course));
      await this.#recordComplaints();
    } catch (error) {
      if (attempt >= FAILURES) await this.#complain(report, attempt, error);
      throw error;
    }
  }

  /** Not while the database is away: then nothing is wrong with the report. */
  async #complain({ nodeId, seq }: IncomingReport, attempt: number, error: unknown): Promise<void> {
    const node = await this.db.transaction((stores) => stores.nodes.find(nodeId)).catch(() => null);
    if (node === null) return;
    this.#complaints.add(nodeId, {
      code: 'ReportNotApplied',
      message: `sent report ${String(seq)}, which was not applied in ${String(attempt)} attempts; its later reports wait: ${error instanceof Error ? error.message : String(error)}`,
      action: 'read the log of the control plane, and report a defect',
    });
    await this.#complaints.flush().catch(() => undefined);
  }

  async #take(report: IncomingReport, course: Course): Promise<void> {
    const { nodeId, seq } = report;
    const at = storableTime(report.at, new Date(this.clock.now()));
    const body = course.refused.has(seq) ? null : storableJson(report.body);
    await this.db.transaction(async (stores) => {
      if ((await stores.nodes.find(nodeId)) === null) {
        this.logger.warn('report of an unknown node dropped', { [LogField.nodeId]: nodeId, [LogField.seq]: seq });
        return;
      }
      const cursor = await stores.reports.lockCursor(nodeId);
      if (seq <= cursor || !(await stores.reports.save({ nodeId, seq, at, body }))) return;
      await this.#applyInOrder(stores, nodeId, cursor, cursor, course);
    });
  }

  /** A message that is not a report: nothing to store. It goes on record once per node, however many come. */
  async refuse(nodeId: NodeId | undefined, error: TaktError): Promise<void> {
    if (nodeId === undefined) return;
    this.#complaints.add(nodeId, {
      code: 'ReportUnreadable',
      message: `sends messages that are not reports: ${error.message}`,
      action: error.action,
    });
    await this.#complaints.flush();
  }

  /**
   * Goes on with `firstSeq`, the oldest report the node still has. The node deletes only what the database confirmed, so what
   * is missing below was there once: the database was put back. What is kept of it is applied, the rest is lost and recorded.
   */
  async passOver(nodeId: NodeId, firstSeq: number): Promise<void> {
    await withoutRefused(firstSeq, isBadValue, (course) => this.#passOver(nodeId, firstSeq, course));
    await this.#recordComplaints();
  }

  /** What was complained about waits for the next report where it cannot be recorded: the reports themselves are in the database. */
  async #recordComplaints(): Promise<void> {
    await this.#complaints.flush().catch((error: unknown) => {
      this.logger.warn('complaints about nodes not recorded yet', { [LogField.error]: error });
    });
  }

  async #passOver(nodeId: NodeId, firstSeq: number, course: Course): Promise<void> {
    await this.db.transaction(async (stores) => {
      const cursor = await stores.reports.lockCursor(nodeId);
      const node = await stores.nodes.find(nodeId);
      if (node === null || firstSeq <= cursor + 1) return;
      const kept = await stores.reports.parkedBetween(nodeId, cursor, firstSeq);
      let applied = cursor;
      for (const seq of kept) applied = await this.#applyInOrder(stores, nodeId, Math.max(applied, seq - 1), cursor, course);
      const lost = firstSeq - 1 - cursor - kept.length;
      if (lost > 0) {
        record(stores, 'control-plane', new Date(this.clock.now()), {
          code: 'ReportsLost',
          severity: 'error',
          message: `${String(lost)} report(s) of node ${node.name} after number ${String(cursor)} are gone: neither the database nor the node has them`,
          object: { kind: 'node', id: nodeId, name: node.name },
          siteId: node.siteId,
          data: { after: cursor, before: firstSeq, lost },
        });
      }
      await this.#applyInOrder(stores, nodeId, Math.max(applied, firstSeq - 1), cursor, course);
    });
  }

  /** Applies what follows `from` without a gap and moves the cursor, which stands at `cursor`; returns where it then stands. */
  async #applyInOrder(stores: Stores, nodeId: NodeId, from: number, cursor: number, course: Course): Promise<number> {
    let applied = from;
    for (;;) {
      const next: StoredReport | null = await stores.reports.find(nodeId, applied + 1);
      // Read again each time: a report may change what the next one is judged by.
      const node = next === null ? null : await stores.nodes.find(nodeId);
      if (next === null || node === null) break;
      course.seq = next.seq;
      const judged = course.refused.has(next.seq) ? { ...next, body: null } : next;
      await this.apply.execute(stores, node, judged, new Date(this.clock.now()), (complaint) => this.#complaints.add(nodeId, complaint));
      applied = next.seq;
    }
    if (applied > cursor) await stores.reports.advanceCursor(nodeId, applied);
    return applied;
  }
}

/** Runs `work` again without the content of each report that the database refuses: a value that it does not take never becomes one that it does. */
async function withoutRefused(seq: number, isRefusal: (error: unknown) => boolean, work: (course: Course) => Promise<void>): Promise<void> {
  const refused = new Set<number>();
  for (;;) {
    const course: Course = { seq, refused };
    try {
      await work(course);
      return;
    } catch (error) {
      if (!isRefusal(error) || refused.has(course.seq)) throw error;
      refused.add(course.seq);
    }
  }
}

import { LogField } from '@takt/kernel';
import type { Clock, Logger, NodeId, TaktError } from '@takt/kernel';
import type { IncomingReport } from '@takt/messaging';
import { sqlState } from '@takt/persistence';
import type { Database, StoredReport, Stores } from '@takt/persistence';
import { record } from '../record.js';
import type { ApplyReport } from './apply-report.js';
import { storableJson, storableText, storableTime } from './storable.js';

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
  constructor(
    private readonly db: Database,
    private readonly apply: ApplyReport,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  async execute(report: IncomingReport): Promise<void> {
    const refused = new Set<number>();
    for (;;) {
      const course: Course = { seq: report.seq, refused };
      try {
        await this.#take(report, course);
        return;
      } catch (error) {
        // A value that the database does not take (class 22: data exception) never becomes one that it does.
        if (sqlState(error)?.startsWith('22') !== true || refused.has(course.seq)) throw error;
        refused.add(course.seq);
      }
    }
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

  /** A message that is no report at all: nothing to store, but somebody should know. */
  async refuse(nodeId: NodeId | undefined, error: TaktError): Promise<void> {
    await this.db.transaction(async (stores) => {
      const node = nodeId === undefined ? null : await stores.nodes.find(nodeId);
      if (node === null) return;
      record(stores, `node:${node.name}`, new Date(this.clock.now()), {
        code: 'ReportInvalid',
        severity: 'error',
        message: `node ${node.name} sent something that is no report: ${storableText(error.message)}`,
        object: { kind: 'node', id: node.id, name: node.name },
        siteId: node.siteId,
        data: { action: error.action },
      });
    });
  }

  /**
   * Goes on with `firstSeq`, the oldest report the node still has. The node deletes only what the database confirmed, so what
   * is missing below was there once: the database was put back. What is kept of it is applied, the rest is lost and recorded.
   */
  async passOver(nodeId: NodeId, firstSeq: number): Promise<void> {
    await this.db.transaction(async (stores) => {
      const cursor = await stores.reports.lockCursor(nodeId);
      const node = await stores.nodes.find(nodeId);
      if (node === null || firstSeq <= cursor + 1) return;
      const kept = await stores.reports.parkedBetween(nodeId, cursor, firstSeq);
      let applied = cursor;
      for (const seq of kept) applied = await this.#applyInOrder(stores, nodeId, Math.max(applied, seq - 1));
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
      await this.#applyInOrder(stores, nodeId, Math.max(applied, firstSeq - 1), cursor);
    });
  }

  /** Applies what follows `from` without a gap and moves the cursor, which stands at `cursor`; returns where it then stands. */
  async #applyInOrder(stores: Stores, nodeId: NodeId, from: number, cursor = from, course?: Course): Promise<number> {
    let applied = from;
    for (;;) {
      const next: StoredReport | null = await stores.reports.find(nodeId, applied + 1);
      // Read anew each time: a report may change what the next one is judged by.
      const node = next === null ? null : await stores.nodes.find(nodeId);
      if (next === null || node === null) break;
      if (course !== undefined) course.seq = next.seq;
      const judged = course?.refused.has(next.seq) === true ? { ...next, body: null } : next;
      await this.apply.execute(stores, node, judged, new Date(this.clock.now()));
      applied = next.seq;
    }
    if (applied > cursor) await stores.reports.advanceCursor(nodeId, applied);
    return applied;
  }
}

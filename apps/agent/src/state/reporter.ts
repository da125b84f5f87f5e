import { createHash } from 'node:crypto';
import { REPORT_MAX_BYTES } from '@takt/contracts';
import type { Report, ReportBody } from '@takt/contracts';
import { canonicalJson } from '@takt/kernel';
import type { Clock, NodeId } from '@takt/kernel';
import type { DataFolder } from '../data-folder.js';
import { Journal } from './journal.js';
import { EMPTY_LEDGER, ledgerAfter, ledgerAfterLoss, ledgerSchema } from './ledger.js';
import type { Ledger } from './ledger.js';
import { DAMAGED, lostReport, tooLarge } from './lost-report.js';
import type { Loss } from './lost-report.js';
import type { StateFiles } from './state-files.js';

export interface ReporterDeps {
  readonly files: StateFiles;
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly nodeId: NodeId;
  readonly observedGeneration: () => number;
  /** Ids of deployments and jobs that are wanted: what was reported of them is never forgotten. */
  readonly wanted: () => ReadonlySet<string>;
  /** The ledger to start from where the one on disk is lost. */
  readonly rebuildLedger: () => Ledger;
}

/** Digest of facts without what changes by itself from minute to minute. */
export const factsDigest = (body: Extract<ReportBody, { kind: 'facts' }>): string => {
  const { disk, ...facts } = body.facts;
  const stable = { ...body, facts: { ...facts, disk: { totalMiB: disk.totalMiB } } };
  return createHash('sha256').update(canonicalJson(stable)).digest('hex');
};

/**
 * Makes reports: journal first, then the ledger. A kill between the two is mended on the next start, because the ledger
 * takes in the journal's reports again; so no state is reported twice and none is skipped.
 */
export class Reporter {
  readonly journal: Journal;
  readonly #deps: ReporterDeps;
  readonly #listeners = new Set<() => void>();
  #ledger: Ledger;
  #turn: Promise<void> = Promise.resolve();

  private constructor(deps: ReporterDeps, journal: Journal, ledger: Ledger) {
    this.#deps = deps;
    this.journal = journal;
    this.#ledger = ledger;
  }

  static async open(deps: ReporterDeps): Promise<Reporter> {
    const { files, folder } = deps;
    const found = await files.read(folder.ledger, ledgerSchema, 'it is made again from what was committed here and from the journal');
    const journal = await Journal.open(files, folder, found?.seq);
    let ledger = found ?? (await ledgerWithoutFile(deps, journal));
    for (const seq of journal.pending()) {
      const report = await journal.read(seq);
      if (report !== undefined)
        ledger = ledgerAfter(ledger, report, report.body.kind === 'facts' ? factsDigest(report.body) : null, deps.wanted());
    }
    if (ledger !== found) await files.restore(folder.ledger, ledger);
    return new Reporter(deps, journal, ledger);
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  /**
   * A pending report. One whose file is damaged or gone, or that is too large to be sent, is replaced on disk by a small one
   * under the same number: those after it would wait for it for ever.
   */
  async read(seq: number): Promise<Report> {
    const report = await this.journal.read(seq);
    const bytes = report === undefined ? 0 : Buffer.byteLength(JSON.stringify(report));
    if (report !== undefined && bytes <= REPORT_MAX_BYTES) return report;
    return this.#exclusive(() => this.#replaceLost(seq, report === undefined ? DAMAGED : tooLarge(bytes)));
  }

  async #replaceLost(seq: number, loss: Loss): Promise<Report> {
    const { files, folder, clock, nodeId, observedGeneration } = this.#deps;
    const lost = lostReport(nodeId, seq, clock.now(), observedGeneration(), loss);
    await this.journal.replace(lost);
    this.#ledger = ledgerAfterLoss(this.#ledger, lost);
    await files.write(folder.ledger, this.#ledger);
    return lost;
  }

  /** Called after each new report. */
  onReport(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** On disk when it resolves. Calls are served one after another. */
  report(body: ReportBody): Promise<void> {
    return this.#exclusive(async () => {
      const { files, folder, clock, nodeId, observedGeneration } = this.#deps;
      const report: Report = {
        schemaVersion: 1,
        nodeId,
        seq: Math.max(this.journal.lastSeq, this.#ledger.seq) + 1,
        at: new Date(clock.now()).toISOString(),
        observedGeneration: observedGeneration(),
        body,
      };
      await this.journal.append(report);
      this.#ledger = ledgerAfter(this.#ledger, report, body.kind === 'facts' ? factsDigest(body) : null, this.#deps.wanted());
      await files.write(folder.ledger, this.#ledger);
      for (const listener of this.#listeners) listener();
    });
  }

  /** See `Journal.confirm`. The ledger, too, knows the highest number afterwards. */
  confirm(seq: number): Promise<void> {
    return this.#exclusive(async () => {
      await this.journal.confirm(seq);
      if (this.journal.lastSeq <= this.#ledger.seq) return;
      this.#ledger = { ...this.#ledger, seq: this.journal.lastSeq };
      await this.#deps.files.write(this.#deps.folder.ledger, this.#ledger);
    });
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }
}

/** A missing ledger is a lost one where anything else says that this node has reported or committed before. */
async function ledgerWithoutFile({ files, folder, rebuildLedger }: ReporterDeps, journal: Journal): Promise<Ledger> {
  const rebuilt = rebuildLedger();
  const hasReported = journal.confirmedSeq > 0 || Object.keys(rebuilt.deployments).length > 0;
  return hasReported || (await files.wasLost(folder.ledger)) ? rebuilt : EMPTY_LEDGER;
}

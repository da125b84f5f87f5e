import type { Condition, DesiredSlot, LineAssignment, RuntimeStatus, SlotMetrics } from '@takt/contracts';
import { canonicalJson } from '@takt/kernel';
import type { Digest } from '@takt/kernel';
import type { RuntimeView } from '@takt/reconcile';
import { ControlClient } from './control-client.js';
import { firstFew } from '../state/first-few.js';
import { sourceCondition } from './source-condition.js';

/** Unanswered calls in a row after which a runtime counts as gone; one may be starting. */
const SILENT_CALLS = 3;

interface Seen {
  readonly status: RuntimeStatus | undefined;
  readonly silent: number;
}

/** The line as its runtime gets it: the source is always a folder on this node. */
export function assignmentOf(slot: DesiredSlot, datasetPath: (digest: Digest) => string): LineAssignment {
  const { line, slotId } = slot;
  const { dataset, path, ...source } = line.source;
  return { slotId, line: { ...line, source: { ...source, path: dataset === undefined ? (path ?? '') : datasetPath(dataset.digest) } } };
}

/** Last answers of the runtimes of this node's lines. */
export class Runtimes {
  readonly #linesFolder: string;
  readonly #datasetPath: (digest: Digest) => string;
  readonly #seen = new Map<string, Seen>();

  constructor(linesFolder: string, datasetPath: (digest: Digest) => string) {
    this.#linesFolder = linesFolder;
    this.#datasetPath = datasetPath;
  }

  client(slug: string): ControlClient {
    return new ControlClient(this.#linesFolder, slug);
  }

  assignment(slot: DesiredSlot): LineAssignment {
    return assignmentOf(slot, this.#datasetPath);
  }

  /** Asks every line's runtime once. */
  async poll(slots: readonly DesiredSlot[]): Promise<void> {
    await Promise.all(
      slots.map(async ({ line: { slug } }) => {
        const status = await this.client(slug)
          .status()
          .catch(() => undefined);
        this.#seen.set(slug, { status, silent: status === undefined ? (this.#seen.get(slug)?.silent ?? 0) + 1 : 0 });
      }),
    );
  }

  status(slug: string): RuntimeStatus | undefined {
    return this.#seen.get(slug)?.status;
  }

  views(slots: readonly DesiredSlot[]): Map<string, RuntimeView> {
    const views = new Map<string, RuntimeView>();
    for (const slot of slots) {
      const status = this.status(slot.line.slug);
      if (status !== undefined) views.set(slot.line.slug, viewOf(status, this.assignment(slot)));
    }
    return views;
  }

  condition(slots: readonly DesiredSlot[]): Pick<Condition, 'status' | 'reason' | 'message' | 'action'> | undefined {
    if (slots.some(({ line }) => (this.#seen.get(line.slug)?.silent ?? 0) > 0 && this.#silent(line.slug) < SILENT_CALLS)) return undefined;
    const gone = slots.map(({ line }) => line.slug).filter((slug) => this.#silent(slug) >= SILENT_CALLS);
    if (gone.length === 0) return { status: 'true', reason: 'Answering', message: 'every line has a runtime that answers', action: null };
    return {
      status: 'false',
      reason: 'NoAnswer',
      message: `no runtime answers for line ${firstFew(gone, ', ')}`,
      action: `systemctl enable --now ${gone.map((slug) => `takt-runtime@${slug}`).join(' ')}`,
    };
  }

  sourceCondition(slots: readonly DesiredSlot[]): ReturnType<typeof sourceCondition> {
    return sourceCondition(slots.map(({ line: { slug } }) => ({ slug, source: this.status(slug)?.source ?? null })));
  }

  /** What the lines wait for whose record of what they served is lost. */
  lostRecords(slots: readonly DesiredSlot[]): string[] {
    return slots.map(({ line: { slug } }) => this.status(slug)?.recordLost ?? null).filter((lost) => lost !== null);
  }

  metrics(slots: readonly DesiredSlot[]): SlotMetrics[] {
    return slots.map(({ slotId, line }) => {
      const status = this.status(line.slug);
      const time = status?.metrics.serviceTime ?? null;
      return {
        slotId,
        runtimeReachable: status !== undefined,
        activeDeploymentId: status?.serving?.deploymentId ?? null,
        deliveredFps: status?.metrics.deliveredFps ?? null,
        requiredFps: line.requiredFps,
        serviceP50Ms: time?.p50Ms ?? null,
        serviceP95Ms: time?.p95Ms ?? null,
        serviceP99Ms: time?.p99Ms ?? null,
        framesDelivered: status?.metrics.framesDelivered ?? 0,
        framesDropped: status?.metrics.framesDropped ?? 0,
        errors: status?.metrics.errors ?? 0,
        counters: status?.counters ?? null,
      };
    });
  }

  #silent(slug: string): number {
    return this.#seen.get(slug)?.silent ?? 0;
  }
}

function viewOf(status: RuntimeStatus, wanted: LineAssignment): RuntimeView {
  const { serving, candidate, outcomes } = status;
  return {
    servingDeploymentId: serving?.deploymentId ?? null,
    candidate: candidate === null ? null : { deploymentId: candidate.deploymentId, phase: candidate.phase },
    outcomes,
    lineAssigned: status.slotId === wanted.slotId && canonicalJson(status.line) === canonicalJson(wanted.line),
  };
}

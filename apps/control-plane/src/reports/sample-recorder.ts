import type { Heartbeat } from '@takt/contracts';
import type { NodeId } from '@takt/kernel';
import { isRowRefused } from '@takt/persistence';
import type { SampleStore, SlotSample } from '@takt/persistence';
import { IsolatedWrites } from './isolated-writes.js';
import { isStorableTime } from './storable.js';

interface Beat {
  readonly nodeId: NodeId;
  readonly at: Date;
  /** Null for a node that was only heard. */
  readonly heartbeat: Heartbeat | null;
}
type Reading = SlotSample & { readonly nodeId: NodeId };

/** A node may name a slot of another one: its readings count for nothing, and must not stand in for the other's. */
const keyOf = ({ nodeId, slotId }: Reading): string => `${nodeId} ${slotId}`;

/** Windows that are remembered: heartbeats that are written together may lie on both sides of an edge. */
const WINDOWS = 3;

/** Keeps readings of counters from heartbeats: one per slot in each window of time, in one statement for all that came together. */
export class SampleRecorder {
  /** Slots with a reading, each with the node that sent it, by window: spares the database what it would leave out anyway. */
  readonly #kept = new Map<number, Set<string>>();
  readonly #writes = new IsolatedWrites<Reading>(keyOf, isRowRefused);

  constructor(
    private readonly samples: Pick<SampleStore, 'record'>,
    private readonly windowMs: number,
  ) {}

  /** Returns the nodes with a reading that the database refused, and why; each slot is tried once in a window. */
  async record(beats: readonly Beat[]): Promise<{ readonly nodeId: NodeId; readonly error: unknown }[]> {
    const due = beats.flatMap(readingsOf).filter((reading) => this.#kept.get(this.#windowOf(reading.at))?.has(keyOf(reading)) !== true);
    if (due.length === 0) return [];
    const refused = await this.#writes.write(due, (part) => this.samples.record(part, this.windowMs));
    for (const reading of due) this.#slotsOf(this.#windowOf(reading.at)).add(keyOf(reading));
    return refused.map(({ entry, error }) => ({ nodeId: entry.nodeId, error }));
  }

  #slotsOf(window: number): Set<string> {
    const slots = this.#kept.get(window) ?? new Set<string>();
    this.#kept.set(window, slots);
    const [oldest = window] = this.#kept.keys();
    if (this.#kept.size > WINDOWS) this.#kept.delete(oldest);
    return slots;
  }

  #windowOf(at: Date): number {
    return Math.floor(at.getTime() / this.windowMs);
  }
}

function readingsOf({ nodeId, at, heartbeat }: Beat): Reading[] {
  return (heartbeat?.slots ?? []).flatMap(({ slotId, activeDeploymentId, counters }) =>
    // A node without a clock may have started at a time that the database does not take.
    counters !== null && isStorableTime(counters.since) ? [{ nodeId, slotId, at, deploymentId: activeDeploymentId, counters }] : [],
  );
}

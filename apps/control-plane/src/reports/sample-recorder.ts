import type { Heartbeat } from '@takt/contracts';
import type { NodeId, SlotId } from '@takt/kernel';
import type { SampleStore, SlotSample } from '@takt/persistence';
import { storableTime } from './storable.js';

interface Beat {
  readonly nodeId: NodeId;
  readonly at: Date;
  readonly heartbeat: Heartbeat;
}

/** Windows that are remembered: heartbeats that are written together may lie on both sides of an edge. */
const WINDOWS = 3;

/** Keeps readings of counters from heartbeats: one per slot in each window of time, in one statement for all that came together. */
export class SampleRecorder {
  /** Slots with a reading, by window: spares the database what it would leave out anyway. */
  readonly #kept = new Map<number, Set<SlotId>>();

  constructor(
    private readonly samples: Pick<SampleStore, 'record'>,
    private readonly windowMs: number,
  ) {}

  async record(beats: readonly Beat[]): Promise<void> {
    const due = beats.flatMap(readingsOf).filter(({ slotId, at }) => this.#kept.get(this.#windowOf(at))?.has(slotId) !== true);
    if (due.length === 0) return;
    await this.samples.record(due, this.windowMs);
    for (const { slotId, at } of due) this.#slotsOf(this.#windowOf(at)).add(slotId);
  }

  #slotsOf(window: number): Set<SlotId> {
    const slots = this.#kept.get(window) ?? new Set<SlotId>();
    this.#kept.set(window, slots);
    const [oldest = window] = this.#kept.keys();
    if (this.#kept.size > WINDOWS) this.#kept.delete(oldest);
    return slots;
  }

  #windowOf(at: Date): number {
    return Math.floor(at.getTime() / this.windowMs);
  }
}

function readingsOf({ nodeId, at, heartbeat }: Beat): (SlotSample & { nodeId: NodeId })[] {
  return heartbeat.slots.flatMap(({ slotId, activeDeploymentId, counters }) => {
    if (counters === null) return [];
    // A node without a clock may have started at a time that the database does not take.
    const since = storableTime(counters.since, at);
    return since === counters.since ? [{ nodeId, slotId, at, deploymentId: activeDeploymentId, counters }] : [];
  });
}

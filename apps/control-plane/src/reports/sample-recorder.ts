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
  /** What each node has said of each slot, by window: spares the database what it would leave out anyway. */
  readonly #said = new Map<number, Set<string>>();

  constructor(
    private readonly samples: Pick<SampleStore, 'record'>,
    private readonly windowMs: number,
  ) {}

  async record(beats: readonly Beat[]): Promise<void> {
    const due = beats.flatMap(readingsOf).filter((reading) => this.#said.get(this.#windowOf(reading.at))?.has(keyOf(reading)) !== true);
    if (due.length === 0) return;
    await this.samples.record(due, this.windowMs);
    for (const reading of due) this.#saidIn(this.#windowOf(reading.at)).add(keyOf(reading));
  }

  #saidIn(window: number): Set<string> {
    const said = this.#said.get(window) ?? new Set<string>();
    this.#said.set(window, said);
    const [oldest = window] = this.#said.keys();
    if (this.#said.size > WINDOWS) this.#said.delete(oldest);
    return said;
  }

  #windowOf(at: Date): number {
    return Math.floor(at.getTime() / this.windowMs);
  }
}

/** By node too: what one says of another's slot is left out, and must not stand for what its own node says. */
const keyOf = ({ nodeId, slotId }: { readonly nodeId: NodeId; readonly slotId: SlotId }): string => `${nodeId} ${slotId}`;

function readingsOf({ nodeId, at, heartbeat }: Beat): (SlotSample & { nodeId: NodeId })[] {
  return heartbeat.slots.flatMap(({ slotId, activeDeploymentId, counters }) => {
    if (counters === null) return [];
    // A node without a clock may have started at a time that the database does not take.
    const since = storableTime(counters.since, at);
    return since === counters.since ? [{ nodeId, slotId, at, deploymentId: activeDeploymentId, counters }] : [];
  });
}

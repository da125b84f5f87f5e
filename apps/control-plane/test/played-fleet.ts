import type { NodeId } from '@takt/kernel';
import type { SteppedClock } from '@takt/testing';
import { until } from '@takt/testing';
import type { ControlPlane } from '../src/boot/start.js';
import { Heartbeats } from '../src/reports/heartbeats.js';
import type { Harness } from './harness.js';
import type { PlayedLine } from './played-line.js';

/**
 * Lines that are played second by second of a stepped clock, with a control plane that runs by hand: a soak takes as long as its
 * work, and no second passes that a test did not ask for.
 */
export class PlayedFleet {
  /** Further control planes over the same database and broker. */
  readonly replicas = new Set<ControlPlane>();

  constructor(
    readonly harness: Harness,
    readonly clock: SteppedClock,
    readonly lines: readonly PlayedLine[],
  ) {}

  /** One second of production: every line lives through it, its heartbeat is written, and everything has a pass. */
  async second(): Promise<void> {
    this.clock.advance(1_000);
    const beats = new Map<NodeId, number>();
    await Promise.all(
      this.lines.map(async (line) => {
        const beat = await line.live(1);
        if (beat !== null) beats.set(line.node.identity.nodeId, beat);
      }),
    );
    await until('the heartbeats are written', async () => {
      for (const { app } of this.#all()) await app.get(Heartbeats).flush();
      const written = await this.harness.controlPlane.parts.db.stores.nodes.liveness([...beats.keys()]);
      return [...beats].every(([id, beat]) => written.get(id)?.heartbeat?.uptimeSeconds === beat);
    });
    await Promise.all(this.#all().map((one) => this.harness.pass(one)));
  }

  /**
   * Lets seconds pass until the question has an answer, and returns it.
   *
   * @param seconds of the clock, not of the machine
   */
  async until<T>(what: string, ask: () => Promise<T>, seconds = 300): Promise<Exclude<T, false | undefined>> {
    for (let passed = 0; passed <= seconds; passed += 1) {
      const answer = await ask();
      if (answer !== false && answer !== undefined) return answer as Exclude<T, false | undefined>;
      await this.second();
    }
    throw new Error(`${String(seconds)} seconds passed in vain until ${what}`);
  }

  #all(): ControlPlane[] {
    return [this.harness.controlPlane, ...this.replicas];
  }
}

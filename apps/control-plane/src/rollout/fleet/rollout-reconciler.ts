import { randomUUID } from 'node:crypto';
import { LogField } from '@takt/kernel';
import type { Clock, Logger, RolloutId } from '@takt/kernel';
import type { Database } from '@takt/persistence';
import { gatesToMeasure, stepRollout } from '@takt/rollout';
import type { MeasuredGate, Rollout } from '@takt/rollout';
import { Ticker } from '../../boot/ticker.js';
import type { WatchedWork } from '../../boot/watched-work.js';
import { within } from '../../boot/within.js';
import { NodeComplaints } from '../../reports/node-complaints.js';
import { StaleOrder } from '../deploy-release.js';
import { recordRolloutEvents } from './carry-out.js';
import type { CarryOut } from './carry-out.js';
import { measureGates } from './measure-gates.js';
import { observeMembers, readRolloutRows } from './observe-rollout.js';

/** Shortest time between two measurements of a gate. */
const MEASURE_MS = 1_000;
const LEASE_SECONDS = 15;
/** How long giving the leases back may take, ms. */
const RELEASE_MS = 1_000;
/** Pause between two looks at a rollout that has ended. */
const ENDED_EVERY_MS = 5_000;
/** Rollouts that one replica looks after at a time. */
const AT_A_TIME = 50;

/**
 * Moves rollouts on: takes the lease of each, looks at the rows, decides with `stepRollout`, and writes the decision together with
 * what follows from it. Any number of replicas may run it. Nothing is kept in memory that a decision needs: after a kill at any
 * point another look comes to the same end. A write that was decided on rows which have changed since is not made.
 */
export class RolloutReconciler {
  readonly #ticker: Ticker;
  readonly #complaints: NodeComplaints;
  readonly #owner = randomUUID();
  /** When each rollout was last looked at, monotonic ms. */
  readonly #lookedAt = new Map<string, number>();
  /** When each gate was last measured, monotonic ms: measuring is work, and figures come every few seconds. */
  readonly #measuredAt = new Map<string, number>();

  constructor(
    private readonly db: Database,
    private readonly carryOut: CarryOut,
    private readonly clock: Clock,
    private readonly logger: Logger,
    pauseMs: number,
  ) {
    this.#complaints = new NodeComplaints(db, clock, logger);
    this.#ticker = new Ticker({ name: 'rollouts', pauseMs }, () => this.#tick(), { clock, logger });
  }

  get work(): WatchedWork {
    return this.#ticker.work;
  }

  start(): void {
    this.#ticker.start();
  }

  async stop(): Promise<void> {
    await this.#ticker.stop();
    // The lease ends by itself where this fails.
    await within(RELEASE_MS, this.db.stores.rollouts.release(this.#owner));
  }

  /** A rollout that could not be handled is a failure of this work, though it keeps no other from it. */
  async #tick(): Promise<void> {
    const failures = await this.reconcile();
    if (failures.length > 0) throw new AggregateError(failures, `${String(failures.length)} rollout(s) not reconciled`);
  }

  /** Looks at each rollout once; returns what kept it from some of them. */
  async reconcile(): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (const id of await this.db.stores.rollouts.lease(this.#owner, LEASE_SECONDS, AT_A_TIME)) {
      try {
        await this.#reconcileOne(id);
      } catch (error) {
        // Nothing was written; the next look sees what somebody deployed meanwhile.
        if (error instanceof StaleOrder) continue;
        this.logger.warn('rollout not reconciled, trying again', { rolloutId: id, [LogField.error]: error });
        failures.push(error);
      }
    }
    return failures;
  }

  async #reconcileOne(id: RolloutId): Promise<void> {
    const { stores } = this.db;
    const read = await stores.rollouts.find(id);
    if (read === null || !this.#isDue(id, read.endedAt !== null)) return;
    // Outside the transaction: reading samples and measuring take time, and hold no row meanwhile.
    const gates = await this.#measure(id, await stores.rollouts.load(read));
    // Measuring may have taken a good part of the lease; without it nothing is written.
    if (gates.length > 0) await stores.rollouts.lease(this.#owner, LEASE_SECONDS, AT_A_TIME);
    await this.db.transaction(async (tx) => {
      const row = await tx.rollouts.lock(id);
      if (row === null || row.generation !== read.generation) return;
      const rollout = await tx.rollouts.load(row);
      const now = new Date(this.clock.now());
      const rows = await readRolloutRows(tx, id, rollout.policy, now.getTime());
      const step = stepRollout(rollout, { members: observeMembers(id, rollout, row.createdAt, rows), gates }, now.getTime());
      if (isUnchanged(rollout, step.rollout) && step.commands.length === 0) return;
      if (!(await tx.rollouts.save(row, rollout, step.rollout, now, randomUUID, this.#owner))) return;
      await this.carryOut.execute(tx, row, step.rollout.policy, rows, step.commands, now);
      recordRolloutEvents(tx, row, 'control-plane', rollout.members, step.events, now);
    });
  }

  /** One that ended and still has nodes that are away is looked at now and then. */
  #isDue(id: RolloutId, ended: boolean): boolean {
    const now = this.clock.monotonic();
    const last = this.#lookedAt.get(id);
    if (ended && last !== undefined && now - last < ENDED_EVERY_MS) return false;
    this.#lookedAt.set(id, now);
    return true;
  }

  async #measure(id: RolloutId, rollout: Rollout): Promise<MeasuredGate[]> {
    const now = this.clock.monotonic();
    const pauseMs = Math.max(MEASURE_MS, Math.min(10_000, rollout.policy.soakSeconds * 25));
    const due = gatesToMeasure(rollout).filter((profile) => {
      const last = this.#measuredAt.get(`${id} ${profile}`);
      return last === undefined || now - last >= pauseMs;
    });
    if (due.length === 0) return [];
    for (const profile of due) this.#measuredAt.set(`${id} ${profile}`, now);
    const wall = this.clock.now();
    const rows = await readRolloutRows(this.db.stores, id, rollout.policy, wall);
    const complain = this.#complaints.add.bind(this.#complaints);
    const gates = await measureGates(this.db.stores, rollout, rows, wall, complain, due);
    await this.#complaints.flush();
    return gates;
  }
}

const isUnchanged = (before: Rollout, after: Rollout): boolean =>
  before.phase === after.phase &&
  before.currentWave === after.currentWave &&
  before.hold === after.hold &&
  before.waves === after.waves &&
  before.gates === after.gates &&
  before.members.every((member, index) => member === after.members[index]);

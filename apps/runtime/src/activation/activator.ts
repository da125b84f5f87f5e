import { LogField } from '@takt/kernel';
import type { Clock, DeploymentId, Logger } from '@takt/kernel';
import type { EnginePool } from '../engines/engine-pool.js';
import { initialState, step } from './machine.js';
import type { Command, MachineEvent, MachineState } from './machine-types.js';
import type { ActivationRecord } from './record.js';
import { enginesFor } from './trial.js';

export interface ActivatorOptions {
  /** The record as the start found it. */
  readonly onDisk: ActivationRecord;
  /** The record that the start goes on with. */
  readonly record: ActivationRecord;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pool: Pick<EnginePool, 'start' | 'end'>;
  readonly persist: (record: ActivationRecord) => Promise<void>;
}

/**
 * Runs the activation machine: its state changes at once, so that the next frame already follows it; its commands are carried
 * out one after another, so that the record is on disk before what it announces is done.
 */
export class Activator {
  readonly #options: ActivatorOptions;
  #state: MachineState;
  #onDisk: ActivationRecord;
  #unwritten = false;
  #work: Promise<void> = Promise.resolve();

  constructor(options: ActivatorOptions) {
    this.#options = options;
    this.#state = initialState(options.record);
    this.#onDisk = options.onDisk;
  }

  get state(): MachineState {
    return this.#state;
  }

  /** The record as it is on disk: all that may be told to others, because a kill now would leave no more than that. */
  get onDisk(): ActivationRecord {
    return this.#onDisk;
  }

  engines(): readonly DeploymentId[] {
    return enginesFor(this.#state);
  }

  /** Applies an event. Settles once its commands, and those before them, are done. Never rejects. */
  dispatch(event: MachineEvent): Promise<void> {
    const { clock } = this.#options;
    const before = this.#state;
    const { state, commands } = step(before, event, { monotonic: clock.monotonic(), wall: new Date(clock.now()).toISOString() });
    this.#state = state;
    this.#log(before, state);
    if (commands.length > 0) this.#work = this.#work.then(() => this.#run(commands));
    else if (event.type === 'tick' && this.#unwritten) this.#work = this.#work.then(() => this.#persist(this.#state.record));
    return this.#work;
  }

  /** Writes what the start made of the record, before anything acts on it. Never rejects. */
  writeStart(): Promise<void> {
    const { onDisk, record } = this.#options;
    if (record !== onDisk) this.#work = this.#work.then(() => this.#persist(record));
    return this.#work;
  }

  async #run(commands: readonly Command[]): Promise<void> {
    for (const command of commands) {
      switch (command.type) {
        case 'persist':
          await this.#persist(command.record);
          break;
        case 'start':
          this.#options.pool.start(command.activation, command.after);
          break;
        case 'end':
          await this.#options.pool.end(command.deploymentId);
          break;
      }
    }
  }

  /** A full or read-only disk must not stop the line: it serves on, and the record is written again at the next tick. */
  async #persist(record: ActivationRecord): Promise<void> {
    try {
      await this.#options.persist(record);
      this.#onDisk = record;
      this.#unwritten = false;
    } catch (thrown) {
      // Once until it can be written again: it is tried at each tick.
      if (!this.#unwritten) this.#options.logger.error('activation record cannot be written', { [LogField.error]: thrown });
      this.#unwritten = true;
    }
  }

  #log(before: MachineState, after: MachineState): void {
    const { logger } = this.#options;
    const phase = after.trial?.phase;
    const deploymentId = after.record.candidate?.activation.deploymentId;
    if (phase !== undefined && phase !== before.trial?.phase) {
      logger.info('candidate entered phase', {
        [LogField.deploymentId]: deploymentId,
        [LogField.phase]: phase,
        [LogField.attempt]: after.record.candidate?.attempts,
      });
    }
    if (after.record.outcomes === before.record.outcomes) return;
    for (const outcome of after.record.outcomes.filter((one) => !before.record.outcomes.includes(one))) {
      logger.info('activation ended', {
        [LogField.deploymentId]: outcome.deploymentId,
        [LogField.state]: outcome.outcome,
        [LogField.code]: outcome.reason,
      });
    }
  }
}

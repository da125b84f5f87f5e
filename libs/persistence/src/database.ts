import type { Logger } from '@takt/kernel';
import { DataSource } from 'typeorm';
import { actors, apiTokens, joinTokens, loginCodes } from './access/access-store.js';
import { BoundedClient } from './bounded-client.js';
import { artifacts, datasets, models } from './content/content-store.js';
import { databaseLimits } from './limits.js';
import type { DatabaseLimits } from './limits.js';
import { ChangeListener } from './listener.js';
import { migrate } from './migrate.js';
import { deploymentTransitions, deployments } from './rollout/deployment-store.js';
import { jobs } from './rollout/job-store.js';
import { releases } from './rollout/release-store.js';
import { rolloutGates, rolloutMembers, rolloutWaves, rollouts } from './rollout/rollout-rows.js';
import { SnakeNaming } from './schema.js';
import { sqlState } from './sql-state.js';
import { Stores } from './stores.js';
import { nodeLiveness, nodes } from './topology/node-store.js';
import { lines, sites } from './topology/site-store.js';
import { slots } from './topology/slot-store.js';
import { desiredStates } from './wire/desired-store.js';

const RETRIED = new Set(['40001', '40P01']);
const ATTEMPTS = 5;

export interface DatabaseOptions {
  readonly url: string;
  readonly logger: Logger;
  /** Connections at a time. Default 10. */
  readonly poolSize?: number;
  readonly limits?: Partial<DatabaseLimits>;
}

/** A pool of connections to the database that is the truth. */
export class Database {
  readonly #source: DataSource;
  readonly #listener: ChangeListener;
  /** Reads outside a transaction. */
  readonly stores: Stores;

  private constructor(source: DataSource, listener: ChangeListener) {
    this.#source = source;
    this.#listener = listener;
    this.stores = new Stores(source.manager);
  }

  /**
   * Connects and brings the schema up to date.
   *
   * @throws the driver's error where the server cannot be reached; TaktError `MigrationWaits`
   */
  static async open(options: DatabaseOptions): Promise<Database> {
    const limits = databaseLimits(options.limits);
    await migrate(options.url, limits);
    const source = new DataSource({
      type: 'postgres',
      url: options.url,
      entities: [
        actors,
        apiTokens,
        artifacts,
        datasets,
        deploymentTransitions,
        deployments,
        desiredStates,
        jobs,
        joinTokens,
        lines,
        loginCodes,
        models,
        nodeLiveness,
        nodes,
        releases,
        rolloutGates,
        rolloutMembers,
        rolloutWaves,
        rollouts,
        sites,
        slots,
      ],
      namingStrategy: new SnakeNaming(),
      synchronize: false,
      logging: false,
      applicationName: 'takt-control-plane',
      connectTimeoutMS: limits.connectMs,
      extra: {
        max: options.poolSize ?? 10,
        Client: BoundedClient,
        answerMs: limits.answerMs,
        lock_timeout: limits.lockMs,
        statement_timeout: limits.statementMs,
        idle_in_transaction_session_timeout: limits.idleInTransactionMs,
      },
      poolErrorHandler: (error: unknown) => {
        options.logger.warn('database connection lost', { error: error instanceof Error ? error.message : String(error) });
      },
    });
    await source.initialize();
    return new Database(source, new ChangeListener(options.url, options.logger, limits));
  }

  /**
   * Runs `work` in one transaction. A serialization failure or deadlock runs it again from the start in a *new*
   * transaction, up to five times, so `work` must not have effects outside its stores.
   */
  async transaction<T>(work: (stores: Stores) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#source.transaction(async (manager) => {
          const stores = new Stores(manager);
          const result = await work(stores);
          await stores.events.flush();
          return result;
        });
      } catch (error) {
        if (attempt >= ATTEMPTS || !RETRIED.has(sqlState(error) ?? '')) throw error;
      }
    }
  }

  /** Calls `changed` after each commit that touched the channel, and once after each (re)connect. Returns the way to stop. */
  listen(channel: 'takt_outbox' | 'takt_events', changed: () => void): () => void {
    return this.#listener.listen(channel, changed);
  }

  async ping(): Promise<void> {
    await this.#source.query('SELECT 1');
  }

  async close(): Promise<void> {
    await this.#listener.close();
    await this.#source.destroy();
  }
}

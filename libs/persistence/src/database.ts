import type { Logger } from '@takt/kernel';
import { DataSource } from 'typeorm';
import { actors, apiTokens, joinTokens, loginCodes } from './access/access-store.js';
import { artifacts, datasets, models } from './content/content-store.js';
import { ChangeListener } from './listener.js';
import { Initial1790000000001 } from './migrations/0001-initial.js';
import { Rollouts1790000000002 } from './migrations/0002-rollouts.js';
import { Sessions1790000000003 } from './migrations/0003-sessions.js';
import { LineSources1790000000004 } from './migrations/0004-line-sources.js';
import { deploymentTransitions, deployments } from './rollout/deployment-store.js';
import { jobs } from './rollout/job-store.js';
import { releases } from './rollout/release-store.js';
import { rolloutGates, rolloutMembers, rolloutWaves, rollouts } from './rollout/rollout-rows.js';
import { SnakeNaming } from './schema.js';
import { Stores } from './stores.js';
import { nodeLiveness, nodes } from './topology/node-store.js';
import { lines, sites } from './topology/site-store.js';
import { slots } from './topology/slot-store.js';
import { desiredStates } from './wire/desired-store.js';

const RETRIED = new Set(['40001', '40P01']);
const ATTEMPTS = 5;

/** SQLSTATE of a driver error, undefined for anything else. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, driverError } = error as { code?: unknown; driverError?: { code?: unknown } };
  const state = driverError?.code ?? code;
  return typeof state === 'string' && /^[0-9A-Z]{5}$/.test(state) ? state : undefined;
}

export const isUniqueViolation = (error: unknown): boolean => sqlState(error) === '23505';

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

  /** Connects and brings the schema up to date. Throws the driver's error where the server cannot be reached. */
  static async open(options: { readonly url: string; readonly logger: Logger; readonly poolSize?: number }): Promise<Database> {
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
      migrations: [Initial1790000000001, Rollouts1790000000002, Sessions1790000000003, LineSources1790000000004],
      migrationsTableName: 'migrations',
      namingStrategy: new SnakeNaming(),
      synchronize: false,
      logging: false,
      applicationName: 'takt-control-plane',
      connectTimeoutMS: 5_000,
      extra: {
        max: options.poolSize ?? 10,
        idle_in_transaction_session_timeout: 60_000,
      },
      poolErrorHandler: (error: unknown) => {
        options.logger.warn('database connection lost', { error: error instanceof Error ? error.message : String(error) });
      },
    });
    await source.initialize();
    try {
      await migrate(source);
    } catch (error) {
      await source.destroy();
      throw error;
    }
    return new Database(source, new ChangeListener(options.url, options.logger));
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

/** One process migrates at a time; the others wait and find nothing to do. */
async function migrate(source: DataSource): Promise<void> {
  const runner = source.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock(7216000)');
    try {
      await source.runMigrations({ transaction: 'each' });
    } finally {
      await runner.query('SELECT pg_advisory_unlock(7216000)');
    }
  } finally {
    await runner.release();
  }
}

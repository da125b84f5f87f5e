import { TaktError } from '@takt/kernel';
import { DataSource } from 'typeorm';
import type { QueryRunner } from 'typeorm';
import { BoundedClient } from './bounded-client.js';
import type { DatabaseLimits } from './limits.js';
import { Initial1790000000001 } from './migrations/0001-initial.js';
import { Rollouts1790000000002 } from './migrations/0002-rollouts.js';
import { Sessions1790000000003 } from './migrations/0003-sessions.js';
import { LineSources1790000000004 } from './migrations/0004-line-sources.js';
import { UploadPurpose1790000000005 } from './migrations/0005-upload-purpose.js';
import { sqlState } from './sql-state.js';

const LOCK = 7_216_000;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Brings the schema up to date. One process migrates at a time; the others wait and find nothing to do. It has connections
 * of its own, since a migration may take longer than any statement of the control plane may.
 *
 * @throws TaktError `MigrationWaits` (retryable) where another process holds the lock for longer than `migrationLockMs`
 */
export async function migrate(url: string, limits: DatabaseLimits): Promise<void> {
  const source = new DataSource({
    type: 'postgres',
    url,
    migrations: [Initial1790000000001, Rollouts1790000000002, Sessions1790000000003, LineSources1790000000004, UploadPurpose1790000000005],
    migrationsTableName: 'migrations',
    logging: false,
    applicationName: 'takt-control-plane migration',
    connectTimeoutMS: limits.connectMs,
    // One connection holds the lock, the other one migrates.
    extra: { Client: BoundedClient, max: 2, answerMs: limits.migrationMs },
    poolErrorHandler: () => undefined,
  });
  await source.initialize();
  try {
    const runner = source.createQueryRunner();
    try {
      await lock(runner, limits.migrationLockMs);
      await source.runMigrations({ transaction: 'each' });
    } finally {
      // The lock ends with its connection.
      await runner.release();
    }
  } finally {
    await source.destroy();
  }
}

async function lock(runner: QueryRunner, limitMs: number): Promise<void> {
  await runner.query(`SET lock_timeout = ${String(Math.ceil(limitMs))}`);
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [LOCK]);
  } catch (error) {
    if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
    const holders = (await runner.query(
      `SELECT a.pid, a.application_name AS name, COALESCE(host(a.client_addr), 'a local socket') AS address
       FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
       WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.objid = $1 AND l.granted`,
      [LOCK],
    )) as { pid: number; name: string; address: string }[];
    const who = holders.map(({ pid, name, address }) => `process ${String(pid)} of the server ("${name}" from ${address})`).join(', ');
    throw new TaktError({
      code: 'MigrationWaits',
      message: `another process has migrated the database for more than ${String(limitMs / 1000)} s: ${who === '' ? 'it has just ended' : who}`,
      action: 'wait until it has finished; where it hangs, end it with SELECT pg_terminate_backend(…)',
      component: 'persistence',
      retryable: true,
      cause: error,
    });
  }
}

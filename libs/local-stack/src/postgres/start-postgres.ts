import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TaktError } from '@takt/kernel';
import pg from 'pg';
import type { RunningService } from '../nats/start-nats.js';
import { asService, logTail } from '../nats/start-nats.js';
import type { GuardedProcess, ProcessGuard } from '../process/process-guard.js';
import { copyBinaries, postgresBinaries } from './binaries.js';
import { SUPERUSER, prepareDataFolder } from './data-folder.js';
import { clearLeftovers } from './leftovers.js';
import { isTraversable, serverUser } from './server-user.js';
import type { ServerUser } from './server-user.js';

export interface StartPostgresOptions {
  readonly guard: ProcessGuard;
  /** Folder of this database; kept across starts. As root it is moved below /var/tmp where its user could not enter it. */
  readonly dir: string;
  readonly port: number;
  readonly host?: string;
  /** Made where it does not exist. Default `takt`. */
  readonly database?: string;
  /** Server settings on top of the defaults, e.g. `{ fsync: 'off' }` in tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Tests: start from a shared, ready-made data folder instead of a fresh one (seconds faster). */
  readonly useTemplate?: boolean;
  readonly onProgress?: (message: string) => void;
}

export interface RunningPostgres extends RunningService {
  /** `postgres://takt:…@127.0.0.1:port/takt`: holds the password. */
  readonly url: string;
  readonly port: number;
  /** Where the data really is. */
  readonly dir: string;
  readonly logFile: string;
}

const START_TIMEOUT_MS = 60_000;
const MAX_ATTEMPTS = 10;
/** Folder for what a root-started server must reach when the checkout is private; survives reboots, unlike /tmp. */
const REACHABLE = '/var/tmp';

/**
 * `dir`, or a folder below /var/tmp where the server's user could not enter it. A mark in `dir` ties the two together:
 * where somebody wiped `dir`, the data elsewhere is old and goes too.
 */
const reachableDir = async (dir: string, user: ServerUser): Promise<string> => {
  if (await isTraversable(dir)) return dir;
  const moved = join(REACHABLE, `takt-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`);
  const mark = join(dir, 'moved-to');
  if (!existsSync(mark)) {
    if (existsSync(join(moved, 'data'))) await clearLeftovers(join(moved, 'data'), user);
    await rm(moved, { recursive: true, force: true });
    await mkdir(dir, { recursive: true });
    await writeFile(mark, `${moved}\n`);
  }
  return moved;
};

/** Ends a server of this folder that a killed run left behind, as {@link startPostgres} does before it starts one. */
export const endLeftoverPostgres = async (dir: string): Promise<void> => {
  const user = await serverUser();
  const moved = (await readFile(join(dir, 'moved-to'), 'utf8').catch(() => undefined))?.trim();
  const dataDir = join(moved ?? dir, 'data');
  if (existsSync(dataDir)) await clearLeftovers(dataDir, user);
};

const connectOnce = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (thrown) {
    await client.end().catch(() => undefined);
    throw thrown;
  }
};

/** Waits until the server takes queries, then makes the database. False where the server ended first. */
const makeReady = async (adminUrl: string, database: string, gone: () => boolean): Promise<boolean> => {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!gone() && performance.now() < deadline) {
    const client = await connectOnce(adminUrl).catch(() => undefined);
    if (client === undefined) {
      await sleep(50);
      continue;
    }
    try {
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
    } finally {
      await client.end();
    }
    return true;
  }
  return false;
};

/**
 * Starts the PostgreSQL server that comes with takt on loopback, over TCP only. Data survives stops and crashes of either
 * side; a server that an earlier run left running is ended first.
 *
 * @throws TaktError `PostgresMissing`, `PostgresUserMissing`, `PostgresInitFailed`, `PostgresNotStarted`
 */
export const startPostgres = async (options: StartPostgresOptions): Promise<RunningPostgres> => {
  const { guard, port, host = '127.0.0.1', database = 'takt' } = options;
  const user = await serverUser();
  const dir = user === undefined ? options.dir : await reachableDir(options.dir, user);
  if (dir !== options.dir) options.onProgress?.(`PostgreSQL keeps its data in ${dir}, because its user cannot enter ${options.dir}`);
  let binaries = await postgresBinaries();
  if (user !== undefined && !(await isTraversable(binaries.root)))
    binaries = await copyBinaries(binaries, join(REACHABLE, 'takt-postgres'));
  const { dataDir, password } = await prepareDataFolder(binaries, user, dir, options.useTemplate ?? false);
  await clearLeftovers(dataDir, user);

  const settings = { listen_addresses: host, unix_socket_directories: '', max_connections: '100', ...options.settings };
  const args = ['-D', dataDir, '-p', String(port), ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])];
  const logFile = join(dir, 'postgres.log');
  const urlOf = (name: string): string => `postgres://${SUPERUSER}:${password}@${host}:${String(port)}/${name}`;
  const launch = (): GuardedProcess => {
    const log = openSync(logFile, 'a');
    try {
      return guard.spawn({
        command: join(binaries.root, 'bin', 'postgres'),
        args,
        env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
        cwd: '/',
        output: log,
        // Fast shutdown: clients are disconnected, a checkpoint is written. SIGTERM would wait for the clients.
        stopSignal: 'SIGINT',
        ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
      });
    } finally {
      closeSync(log);
    }
  };
  for (let attempt = 1; ; attempt += 1) {
    const guarded = launch();
    let gone = false;
    void guarded.ended.then(() => {
      gone = true;
    });
    if (await makeReady(urlOf('postgres'), database, () => gone))
      return { ...asService(guarded), url: urlOf(database), port, dir, logFile };
    await guarded.stop(5000);
    const tail = await logTail(logFile);
    // Backends of a server that was killed need a moment to notice it; until then the new one refuses the folder.
    if (attempt < MAX_ATTEMPTS && tail.includes('shared memory block')) {
      await sleep(500);
      continue;
    }
    throw new TaktError({
      code: 'PostgresNotStarted',
      message: `PostgreSQL did not start on ${host}:${String(port)}: ${tail}`,
      action: `read ${logFile}`,
      component: 'local-stack',
      element: dataDir,
    });
  }
};

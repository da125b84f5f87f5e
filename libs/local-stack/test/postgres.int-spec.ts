import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessGuard, RunningPostgres } from '../src/index.js';
import { createProcessGuard, freePort, startPostgres } from '../src/index.js';
import { alive, until } from './waiting.js';

const query = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

describe('PostgreSQL of the local stack', () => {
  let dir: string;
  let guard: ProcessGuard;
  let port: number;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'takt-pg-'));
    guard = createProcessGuard();
    port = await freePort();
  });
  afterAll(async () => {
    await guard.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const start = (): Promise<RunningPostgres> => startPostgres({ guard, dir: join(dir, 'pg'), port, settings: { fsync: 'off' } });

  it('starts from nothing, keeps its data over a stop, a SIGKILL and a lock file whose number another program has', async () => {
    let server = await start();
    await query(server.url, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)');
    await server.stop();
    expect(alive(server.pid)).toBe(false);

    server = await start();
    await query(server.url, 'INSERT INTO kept VALUES (2)');
    await server.kill();
    writeFileSync(join(server.dir, 'data', 'postmaster.pid'), `${String(process.pid)}\n${join(server.dir, 'data')}\n`);

    server = await start();
    expect(await query(server.url, 'SELECT n FROM kept ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);

    // A server that an earlier run left running is ended, and its data served by the new one.
    const next = await start();
    await until('the first server is gone', () => !alive(server.pid));
    expect(await query(next.url, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 2 }]);
    await next.stop();
  });

  it('ends no server of another folder, whatever its own lock file says', async () => {
    let server = await start();
    const dataDir = join(server.dir, 'data');
    await server.stop();
    const neighbour = await startPostgres({ guard, dir: `${dataDir}-of-others`, port: await freePort(), useTemplate: true });
    try {
      writeFileSync(join(dataDir, 'postmaster.pid'), `${String(neighbour.pid)}\n${dataDir}\n`);
      server = await start();
      expect(alive(neighbour.pid)).toBe(true);
      expect(await query(neighbour.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await server.stop();
    } finally {
      await neighbour.stop();
      rmSync(`${dataDir}-of-others`, { recursive: true, force: true });
    }
  });

  it('refuses a wrong password and listens on loopback only', async () => {
    const server = await start();
    const wrong = new URL(server.url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect(await query(server.url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    await server.stop();
  });

  it.skipIf(process.getuid?.() !== 0)('as root finds a reachable place when its folder is private (needs root)', async () => {
    const closed = join(dir, 'private');
    mkdirSync(closed, { mode: 0o700 });
    const messages: string[] = [];
    const startMoved = async (): Promise<RunningPostgres> =>
      startPostgres({
        guard,
        dir: join(closed, 'pg'),
        port: await freePort(),
        useTemplate: true,
        onProgress: (message) => messages.push(message),
      });
    let server = await startMoved();
    expect(server.dir).toMatch(/^\/var\/tmp\/takt-/);
    expect(messages).toHaveLength(1);
    await query(server.url, 'CREATE TABLE kept (n int)');
    await server.stop();

    server = await startMoved();
    expect(await query(server.url, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 0 }]);
    await server.stop();

    // Wiping the folder wipes what was moved out of it.
    rmSync(join(closed, 'pg'), { recursive: true });
    server = await startMoved();
    await expect(query(server.url, 'SELECT n FROM kept')).rejects.toMatchObject({ code: '42P01' });
    await server.stop();
    rmSync(server.dir, { recursive: true, force: true });
  });

  it('says what the log says when it cannot start', async () => {
    await expect(
      startPostgres({ guard, dir: join(dir, 'pg'), port: await freePort(), settings: { max_connections: 'many' } }),
    ).rejects.toMatchObject({ code: 'PostgresNotStarted', message: expect.stringContaining('max_connections') as string });
    expect(guard.running()).toEqual([]);
  });
});

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { API_PREFIX } from '@takt/contracts';
import { startTestStack, until } from '@takt/testing';
import type { TestStack } from '@takt/testing';
import { freePort } from '@takt/local-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const bin = join(import.meta.dirname, '..', 'bin', 'takt-control-plane.mjs');
let stack: TestStack;
let environment: Record<string, string>;
let url: string;
const running = new Set<ChildProcess>();

interface Run {
  readonly child: ChildProcess;
  stdout: string;
  stderr: string;
}

function start(args: readonly string[], env: Record<string, string> = environment): Run {
  const child = spawn(process.execPath, [bin, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const run: Run = { child, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (run.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (run.stderr += chunk.toString()));
  return run;
}

async function end(run: Run): Promise<number | null> {
  if (run.child.exitCode === null && run.child.signalCode === null) await once(run.child, 'exit');
  running.delete(run.child);
  return run.child.exitCode;
}

const healthy = async (): Promise<boolean> => {
  const response = await fetch(`${url}${API_PREFIX}/health`);
  return ((await response.json()) as { status: string }).status === 'ok';
};

beforeAll(async () => {
  stack = await startTestStack();
  const port = await freePort();
  url = `http://127.0.0.1:${String(port)}`;
  environment = {
    PATH: process.env['PATH'] ?? '',
    DATABASE_URL: stack.postgres.url,
    NATS_URL: stack.nats.servers.join(','),
    TAKT_DATA_DIR: stack.dir,
    TAKT_HTTP_PORT: String(port),
  };
});
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await stack.stop();
});

describe('takt-control-plane', () => {
  it('lists every fault of its configuration by name and none by value', async () => {
    const run = start(['run'], { PATH: environment['PATH'] ?? '', DATABASE_URL: 'mysql://user:hunter2@db', TAKT_HTTP_PORT: 'hunter3' });
    expect(await end(run)).toBe(1);
    expect(run.stderr).toContain('ConfigInvalid');
    for (const name of ['DATABASE_URL', 'NATS_URL', 'TAKT_DATA_DIR', 'TAKT_HTTP_PORT']) expect(run.stderr).toContain(name);
    expect(run.stderr).not.toContain('hunter');
    expect(run.stderr).not.toContain('    at ');
  });

  it('init makes trust and server configuration once', async () => {
    const dir = join(stack.dir, 'fresh');
    const env = { PATH: environment['PATH'] ?? '', TAKT_DATA_DIR: dir, NATS_URL: 'nats://127.0.0.1:4999' };
    const runs = [start(['init'], env)];
    expect(await end(runs[0] as Run)).toBe(0);
    const file = runs[0]?.stdout.trim() ?? '';
    const config = await readFile(file, 'utf8');
    expect(config).toContain('port: 4999');
    expect(await end(start(['init'], env))).toBe(0);
    expect(await readFile(file, 'utf8')).toBe(config);
  });

  it('says which port is in use', async () => {
    const first = start(['run']);
    await until('the first one is up', healthy);
    const second = start(['run']);
    expect(await end(second)).toBe(1);
    expect(second.stderr).toContain('PortInUse');
    first.child.kill('SIGKILL');
    await end(first);
  });

  it('survives SIGKILL, ends on SIGTERM, and gives a login code that works once', async () => {
    const killed = start(['run']);
    await until('it is up', healthy);
    expect(killed.stdout).toMatch(/one-time login code: (?:\w{5}-){3}\w{5}/);
    killed.child.kill('SIGKILL');
    await end(killed);
    const again = start(['run']);
    await until('it is up again', healthy);
    const asked = start(['login-code']);
    expect(await end(asked)).toBe(0);
    const login = (): Promise<Response> =>
      fetch(`${url}${API_PREFIX}/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code: asked.stdout.trim().toLowerCase() }),
      });
    const { token } = (await (await login()).json()) as { token: string };
    expect((await login()).status).toBe(401);
    // An open event stream must not keep it from ending.
    const stream = await fetch(`${url}${API_PREFIX}/events/stream`, { headers: { authorization: `Bearer ${token}` } });
    expect(stream.status).toBe(200);
    again.child.kill('SIGTERM');
    expect(await end(again)).toBe(0);
    await stream.body?.cancel().catch(() => undefined);
  });

  it('waits for its database and its broker, whichever comes first', async () => {
    await stack.postgres.stop();
    await stack.nats.stop();
    const run = start(['run']);
    await until('it waits', () => run.stderr.includes('waiting for the database'));
    await stack.postgres.start();
    await until('it answers', async () => (await fetch(`${url}${API_PREFIX}/health`)).status === 200);
    expect(await healthy()).toBe(false);
    await stack.nats.start();
    await until('all is well', healthy);
    run.child.kill('SIGTERM');
    expect(await end(run)).toBe(0);
  });
});

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProcessGuard, findNatsServer, freePort, installNatsServer, preferredPort, startNats } from '../src/index.js';
import { createServer } from 'node:net';
import { once } from 'node:events';

describe('nats-server of the local stack', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'takt-find-'));
    mkdirSync(join(dir, 'old'));
    writeFileSync(join(dir, 'old', 'nats-server'), '#!/bin/sh\necho "nats-server: v2.8.4"\n');
    chmodSync(join(dir, 'old', 'nats-server'), 0o755);
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  it('passes over a version that is too old', async () => {
    const found = await findNatsServer(join(dir, 'old'), process.env['PATH'] ?? '');
    expect(found?.path.startsWith(dir)).not.toBe(true);
  });

  it('is found on PATH and needs no installation then', async () => {
    const messages: string[] = [];
    const found = await installNatsServer({
      toolDir: join(dir, 'bin'),
      path: process.env['PATH'] ?? '',
      env: {},
      onProgress: (message) => messages.push(message),
    });
    expect(found.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(messages).toEqual([]);
  });

  it('says what its log says when it cannot start', async () => {
    const binary = await findNatsServer(dir, process.env['PATH'] ?? '');
    writeFileSync(join(dir, 'bad.conf'), 'port: "no number"\n');
    const guard = createProcessGuard();
    await expect(
      startNats({
        guard,
        binary: binary?.path ?? '',
        configFile: join(dir, 'bad.conf'),
        host: '127.0.0.1',
        port: await freePort(),
        logFile: join(dir, 'log'),
      }),
    ).rejects.toMatchObject({ code: 'NatsServerNotStarted' });
    await guard.close();
  });
});

describe('ports', () => {
  it('moves from a busy port to a free one', async () => {
    const busy = createServer().listen(0, '127.0.0.1');
    await once(busy, 'listening');
    const address = busy.address();
    const taken = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await preferredPort(taken)).not.toBe(taken);
    busy.close();
    await once(busy, 'close');
    expect(await preferredPort(taken)).toBe(taken);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiClient } from '@takt/api-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listProcesses } from '../fleet/processes.js';
import { NpmStart } from './npm-start.js';

describe('npm start on one data folder', () => {
  let parent: string;
  let dataDir: string;
  const starts: NpmStart[] = [];
  const start = (): NpmStart => {
    const started = new NpmStart(['--no-demo', '--data', dataDir]);
    starts.push(started);
    return started;
  };
  const addressOf = async (started: NpmStart): Promise<string> =>
    (await started.says(/Running[^]*log in +npx takt login --server (\S+)/))[1] ?? '';
  const isLive = async (address: string): Promise<string> => (await createApiClient({ baseUrl: address }).call('health')).status;
  const processesOnData = (): string[] =>
    listProcesses()
      .map(({ command }) => command)
      .filter((command) => command.includes(dataDir));

  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'takt-start-'));
    dataDir = join(parent, 'data');
  });
  afterAll(async () => {
    await Promise.all(starts.map((started) => started.end('SIGTERM')));
    await rm(parent, { recursive: true, force: true });
  });

  it('says that it runs already, ends what a killed one left, serves the same data again, and leaves nothing running', async () => {
    const first = start();
    const address = await addressOf(first);
    const second = start();
    expect(await second.ended()).toBe(1);
    expect(second.text).toContain(`takt already runs on ${dataDir} (process `);
    expect(second.text).toContain(address);
    expect(second.text).not.toContain('    at ');
    expect(await isLive(address)).toBe('ok');

    await first.end('SIGKILL');
    const next = start();
    expect(await isLive(await addressOf(next))).toBe('ok');
    expect(next.text).not.toContain('✗');
    expect(await next.end('SIGINT')).toBe(0);
    expect(next.text.trim().split('\n').at(-1)).toContain('✓ everything stopped');
    expect(processesOnData()).toEqual([]);
  });
});

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Supervisor, SupervisorEvent } from '../src/index.js';
import { createSupervisor, parseUnit } from '../src/index.js';
import { alive, until } from './waiting.js';

const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

describe('unit-file supervisor', () => {
  let dir: string;
  let supervisor: Supervisor;
  let events: SupervisorEvent[];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'takt-units-'));
    events = [];
    supervisor = createSupervisor({
      logDir: join(dir, 'logs'),
      baseEnv: { PATH: '/usr/bin:/bin' },
      onEvent: (event) => events.push(event),
    });
  });
  afterEach(async () => {
    await supervisor.stopAll();
    rmSync(dir, { recursive: true, force: true });
  });
  const unit = (name: string, lines: readonly string[]): string => {
    const path = join(dir, name);
    writeFileSync(path, ['[Service]', ...lines].join('\n'));
    return path;
  };
  const lines = (file: string): string[] => (existsSync(join(dir, file)) ? readFileSync(join(dir, file), 'utf8').trim().split('\n') : []);

  it('runs the pre-step before every start and restarts a killed process', async () => {
    const path = unit('a@.service', [
      `ExecStartPre=/bin/sh -c 'echo pre-%i >> /scratch/trace'`,
      `ExecStart=/bin/sh -c 'echo main-%i >> ${dir}/trace; exec sleep 1000'`,
      'Restart=always',
      'RestartSec=50ms',
    ]);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('/scratch', dir));
    const first = await supervisor.start(path, { instance: 'x' });
    expect(supervisor.names()).toEqual(['a@x']);
    await until('it runs', () => lines('trace').length === 2);
    supervisor.kill('a@x', 'SIGKILL');
    await until('it runs again', () => lines('trace').length === 4);
    const second = supervisor.pid('a@x');
    expect(second).not.toBe(first);
    expect(lines('trace')).toEqual(['pre-x', 'main-x', 'pre-x', 'main-x']);
    expect(supervisor.starts('a@x')).toBe(2);
    expect(alive(first)).toBe(false);
    await supervisor.stopAll();
    expect(alive(second ?? 0)).toBe(false);
    expect(events.filter((event) => event.type === 'restarting')).toHaveLength(1);
  });

  it('does not start the main process while the pre-step fails, and tries again', async () => {
    const path = unit('b.service', [
      `ExecStartPre=/bin/sh -c 'echo try >> ${dir}/trace; test -e ${dir}/ready'`,
      `ExecStart=/bin/sleep 1000`,
      'Restart=on-failure',
      'RestartSec=20ms',
    ]);
    const started = supervisor.start(path);
    await until('it tried twice', () => lines('trace').length >= 2);
    expect(supervisor.starts('b')).toBe(0);
    writeFileSync(join(dir, 'ready'), '');
    await started;
    expect(supervisor.starts('b')).toBe(1);
  });

  it('leaves a process that ends well alone under Restart=on-failure, and tells why a one-shot start failed', async () => {
    const pid = await supervisor.start(unit('c.service', ['ExecStart=/bin/true', 'Restart=on-failure']));
    await until('it ended', () => events.some((event) => event.type === 'ended'));
    expect(alive(pid)).toBe(false);
    expect(supervisor.starts('c')).toBe(1);
    await expect(supervisor.start(unit('d.service', ['ExecStartPre=/bin/false', 'ExecStart=/bin/sleep 1000']))).rejects.toMatchObject({
      code: 'UnitEnded',
    });
  });

  it('gives the environment of unit, file and caller and nothing of its own', async () => {
    writeFileSync(join(dir, 'x.env'), 'B=file\nC=file\n');
    const path = unit('e.service', [
      'Environment=A=unit B=unit',
      `EnvironmentFile=${dir}/x.env`,
      'EnvironmentFile=-/nonexistent/takt.env',
      `ExecStart=/bin/sh -c 'env > ${dir}/env.part; mv ${dir}/env.part ${dir}/env; exec sleep 1000'`,
    ]);
    await supervisor.start(path, { env: { C: 'caller' } });
    await until('it wrote', () => existsSync(join(dir, 'env')));
    const seen = lines('env').filter((line) => !/^(PWD|_|SHLVL|OLDPWD)=/.test(line));
    expect(seen.sort()).toEqual(['A=unit', 'B=file', 'C=caller', 'PATH=/usr/bin:/bin']);
  });

  it('runs one unit for several nodes under names of its own and writes a log for each', async () => {
    const path = unit('f@.service', [`ExecStart=/bin/sh -c 'echo I am /var/lib/takt/%i; exec sleep 1000'`]);
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(
        "'echo I am /var/lib/takt/%i; exec sleep 1000'",
        `'echo "I am $0"; exec sleep 1000' /var/lib/takt/%i`,
      ),
    );
    for (const node of ['n1', 'n2']) {
      mkdirSync(join(dir, node));
      await supervisor.start(path, { instance: 'l', as: `${node}-runtime`, paths: { '/var/lib/takt': join(dir, node) } });
    }
    await until('both logs are there', () =>
      [1, 2].every((n) => lines(`logs/n${String(n)}-runtime.log`)[0] !== undefined && lines(`logs/n${String(n)}-runtime.log`)[0] !== ''),
    );
    expect(lines('logs/n1-runtime.log')).toEqual([`I am ${join(dir, 'n1')}/l`]);
    expect(lines('logs/n2-runtime.log')).toEqual([`I am ${join(dir, 'n2')}/l`]);
    const before = supervisor.pid('n1-runtime');
    const after = await supervisor.restart('n1-runtime');
    expect(after).not.toBe(before);
  });

  it('can run every unit file that takt ships', () => {
    const files = ['node', 'control', 'nats'].flatMap((folder) =>
      readdirSync(join(REPOSITORY, 'deploy', folder))
        .filter((name) => name.endsWith('.service'))
        .map((name) => parseUnit(name, readFileSync(join(REPOSITORY, 'deploy', folder, name), 'utf8'))),
    );
    expect(files.map((file) => [file.name, file.execStart.words[0], file.restart])).toEqual([
      ['takt-agent.service', '/usr/bin/takt-agent', 'always'],
      ['takt-runtime@.service', '/usr/bin/takt-runtime', 'always'],
      ['takt-control-plane.service', '/usr/bin/takt-control-plane', 'always'],
      ['takt-nats.service', '/usr/bin/nats-server', 'always'],
    ]);
  });
});

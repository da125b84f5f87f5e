import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** `npm run prove` runs every case; `npm test` plays the role once. */
const prove = process.env['TAKT_PROVE'] === '1';
const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
/** Last ansible-core that manages CentOS 8. */
const ANSIBLE_CORE = 'ansible-core==2.16.14';
const VENV = join(REPOSITORY, '.takt', 'ansible');

/** ansible-playbook of PATH, else of a virtual environment that is made once; a reason where neither can be had. */
const findAnsible = async (): Promise<{ readonly playbook: string } | { readonly reason: string }> => {
  const version = await execa('ansible-playbook', ['--version'], { reject: false });
  if (version.exitCode === 0) return { playbook: 'ansible-playbook' };
  const playbook = join(VENV, 'bin', 'ansible-playbook');
  if (existsSync(playbook)) return { playbook };
  const venv = await execa('python3', ['-m', 'venv', VENV], { reject: false, all: true, timeout: 60_000 });
  if (venv.failed) return { reason: `no ansible on PATH and no Python virtual environment: ${venv.shortMessage ?? ''}` };
  const install = await execa(join(VENV, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', ANSIBLE_CORE], {
    reject: false,
    all: true,
    timeout: 150_000,
  });
  if (!install.failed) return { playbook };
  rmSync(VENV, { recursive: true, force: true });
  return { reason: `no ansible on PATH and pip could not install ${ANSIBLE_CORE}` };
};

const ansible = await findAnsible();
const missing = 'reason' in ansible ? ansible.reason : undefined;
const title = (text: string): string => (missing === undefined ? text : `${text} (skipped: ${missing})`);

describe('ansible role "agent"', () => {
  const TOKEN = 'join-token-that-must-not-show';
  let dir: string;
  let root: string;
  let archive: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'takt-ansible-'));
    root = join(dir, 'root');
    mkdirSync(root);
    archive = join(dir, 'node.tar.gz');
    const parts = ['agent', 'runtime', 'worker'].flatMap((app) => [`apps/${app}/bin`, `apps/${app}/package.json`]);
    await execa('tar', ['-czf', archive, '-C', REPOSITORY, ...parts]);
  });
  afterAll(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  const play = async (
    extra: Readonly<Record<string, unknown>> = {},
  ): Promise<{ readonly code: number | undefined; readonly output: string; readonly changed: number }> => {
    const vars = {
      takt_root: root,
      takt_archive: archive,
      takt_version: '0.1.0',
      takt_server: 'http://127.0.0.1:7080',
      takt_join_token: TOKEN,
      takt_lines: ['line-1', 'line-2'],
      takt_become: false,
      ...extra,
    };
    const varsFile = join(dir, 'vars.json');
    writeFileSync(varsFile, JSON.stringify(vars), { mode: 0o600 });
    const inventory = join(dir, 'hosts.yml');
    writeFileSync(
      inventory,
      'takt_nodes:\n  hosts:\n    here:\n      ansible_connection: local\n      ansible_python_interpreter: "{{ ansible_playbook_python }}"\n',
    );
    const result = await execa(
      'playbook' in ansible ? ansible.playbook : 'false',
      ['-i', inventory, '-e', `@${varsFile}`, '-vv', '--diff', 'site.yml'],
      {
        cwd: join(REPOSITORY, 'ansible'),
        env: { HOME: dir, ANSIBLE_LOCAL_TEMP: join(dir, 'tmp'), ANSIBLE_REMOTE_TEMP: join(dir, 'tmp'), LC_ALL: 'C.UTF-8' },
        reject: false,
        all: true,
      },
    );
    return { code: result.exitCode, output: result.all, changed: Number(/here\s*:.*changed=(\d+)/.exec(result.all)?.[1]) };
  };

  it.skipIf(missing !== undefined)(title('refuses a line name that is no unit name, before it touches anything'), async () => {
    const { code, output } = await play({ takt_lines: ['Line 1'] });
    expect(code, output).not.toBe(0);
    expect(readdirSync(root)).toEqual([]);
  });

  it.skipIf(missing !== undefined)(title('installs files, units, settings and one runtime per line below a scratch root'), async () => {
    const first = await play();
    expect(first.code, first.output).toBe(0);
    for (const unit of ['takt-agent.service', 'takt-runtime@.service']) {
      expect(readFileSync(join(root, 'etc/systemd/system', unit), 'utf8')).toBe(
        readFileSync(join(REPOSITORY, 'deploy/node', unit), 'utf8'),
      );
    }
    const wants = join(root, 'etc/systemd/system/multi-user.target.wants');
    expect(
      ['takt-agent.service', 'takt-runtime@line-1.service', 'takt-runtime@line-2.service'].map((name) => readlinkSync(join(wants, name))),
    ).toEqual([
      '/etc/systemd/system/takt-agent.service',
      '/etc/systemd/system/takt-runtime@.service',
      '/etc/systemd/system/takt-runtime@.service',
    ]);
    expect(readlinkSync(join(root, 'opt/takt/current'))).toBe('0.1.0');
    const packed = readFileSync(join(root, 'opt/takt/current/apps/agent/bin/takt-agent.mjs'), 'utf8');
    expect(packed).toBe(readFileSync(join(REPOSITORY, 'apps/agent/bin/takt-agent.mjs'), 'utf8'));
    const command = join(root, 'usr/bin/takt-activate');
    expect(readFileSync(command, 'utf8')).toContain('/opt/takt/current/apps/runtime/bin/takt-activate.mjs "$@"');
    expect(statSync(command).mode & 0o777).toBe(0o755);
    const settings = join(root, 'etc/takt/agent.env');
    expect(readFileSync(settings, 'utf8')).toContain(`TAKT_SERVER=http://127.0.0.1:7080\nTAKT_JOIN_TOKEN=${TOKEN}\n`);
    expect(statSync(settings).mode & 0o777).toBe(0o600);
    expect(first.output).not.toContain(TOKEN);
  });

  if (prove) {
    it.skipIf(missing !== undefined)(title('changes nothing when it runs again'), async () => {
      const second = await play();
      expect(second.code, second.output).toBe(0);
      expect(second.changed).toBe(0);
    });
  }

  it.skipIf(missing !== undefined)(title('takes the join token away once the node has joined'), async () => {
    mkdirSync(join(root, 'var/lib/takt/identity'), { recursive: true });
    writeFileSync(join(root, 'var/lib/takt/identity/identity.json'), '{}');
    const joined = await play({ takt_join_token: '' });
    expect(joined.code, joined.output).toBe(0);
    expect(readFileSync(join(root, 'etc/takt/agent.env'), 'utf8')).not.toContain('TAKT_JOIN_TOKEN');
    rmSync(join(root, 'var/lib/takt/identity'), { recursive: true });
  });
});

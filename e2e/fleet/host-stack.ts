import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApiClient } from '@takt/api-client';
import type { ApiClient } from '@takt/api-client';
import {
  createProcessGuard,
  createSupervisor,
  freePort,
  installNatsServer,
  installedCommands,
  startNats,
  startPostgres,
} from '@takt/local-stack';
import type { ProcessGuard, RunningPostgres, RunningService, Supervisor } from '@takt/local-stack';
import { execa } from 'execa';
import { listProcesses } from './processes.js';
import type { ProcessFacts } from './processes.js';

export const root = join(import.meta.dirname, '..', '..');
const COMMANDS = installedCommands(root, process.execPath);
const CONTROL_PLANE_UNIT = join(root, 'deploy', 'control', 'takt-control-plane.service');

/**
 * Waits until `ask` answers something other than undefined; errors in between count as "not yet". Where it waited in vain,
 * `explain` or the last error says what for.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  deadlineMs = 60_000,
  everyMs = 50,
  explain?: () => Promise<string>,
): Promise<T> {
  const startedMs = performance.now();
  let last: unknown;
  while (performance.now() - startedMs < deadlineMs) {
    try {
      const value = await ask();
      if (value !== undefined) return value;
      last = undefined;
    } catch (thrown) {
      last = thrown;
    }
    await sleep(everyMs);
  }
  const why = await explain?.().catch(() => undefined);
  const words = why ?? (last instanceof Error ? last.message : undefined);
  throw new Error([`${what} did not happen within ${String(deadlineMs / 1000)} s`, ...(words === undefined ? [] : [words])].join(': '), {
    cause: last,
  });
}

/** A node of the stack: its data folder and the names of its units. */
export interface HostNode {
  readonly id: string;
  readonly dataDir: string;
  readonly line: string;
  readonly agentUnit: string;
  readonly runtimeUnit: string;
}

/** Another control plane over the same database, broker and data folder. */
export interface Replica {
  readonly unit: string;
  readonly url: string;
  readonly api: ApiClient;
}

/** PostgreSQL, NATS, a control plane and nodes, each a process of its own, in a folder of its own, on free loopback ports. */
export class HostStack {
  readonly dir: string;
  readonly supervisor: Supervisor;
  readonly serverUrl: string;
  api: ApiClient;
  token = '';
  readonly #guard: ProcessGuard;
  readonly #postgres: RunningPostgres;
  readonly #natsBinary: string;
  readonly #natsPort: number;
  readonly #environment: Readonly<Record<string, string>>;
  /** Every pid that a unit was started with: each leads a session, in which its children stay whoever adopts them. */
  readonly #sessions = new Set<number>();
  #nats: RunningService | undefined;

  private constructor(parts: {
    dir: string;
    guard: ProcessGuard;
    postgres: RunningPostgres;
    natsBinary: string;
    natsPort: number;
    environment: Readonly<Record<string, string>>;
    serverUrl: string;
  }) {
    this.dir = parts.dir;
    this.#guard = parts.guard;
    this.#postgres = parts.postgres;
    this.#natsBinary = parts.natsBinary;
    this.#natsPort = parts.natsPort;
    this.#environment = parts.environment;
    this.serverUrl = parts.serverUrl;
    this.api = createApiClient({ baseUrl: parts.serverUrl });
    this.supervisor = createSupervisor({
      logDir: join(parts.dir, 'logs'),
      guard: parts.guard,
      baseEnv: { PATH: process.env['PATH'] ?? '' },
      onEvent: (event) => {
        if (event.type === 'started') this.#sessions.add(event.pid);
      },
    });
  }

  /** `settings` are further ones of the control plane. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<HostStack> {
    const dir = await mkdtemp(join(tmpdir(), 'takt-e2e-'));
    const guard = createProcessGuard();
    const natsServer = await installNatsServer({ toolDir: join(root, '.takt', 'bin'), path: process.env['PATH'] ?? '', env: process.env });
    const [postgresPort, natsPort, httpPort] = [await freePort(), await freePort(), await freePort()];
    const postgres = await startPostgres({ guard, dir: join(dir, 'postgres'), port: postgresPort, useTemplate: true });
    const serverUrl = `http://127.0.0.1:${String(httpPort)}`;
    const environment = {
      DATABASE_URL: postgres.url,
      NATS_URL: `nats://127.0.0.1:${String(natsPort)}`,
      TAKT_DATA_DIR: join(dir, 'control-plane'),
      TAKT_HTTP_PORT: String(httpPort),
      TAKT_PUBLIC_URL: serverUrl,
      ...settings,
    };
    const stack = new HostStack({ dir, guard, postgres, natsBinary: natsServer.path, natsPort, environment, serverUrl });
    return stack.whole(async () => {
      await stack.controlPlane('init');
      await stack.startNats();
      await stack.#startControlPlane('takt-control-plane', environment);
      await stack.answering();
      stack.token = (await stack.api.call('login', { body: { code: await stack.controlPlane('login-code'), name: 'e2e' } })).token;
      stack.api = createApiClient({ baseUrl: serverUrl, token: stack.token });
      return stack;
    });
  }

  /** Does what a set-up needs; where it fails, everything that was started is stopped and removed before the error is passed on. */
  async whole<T>(setUp: () => Promise<T>): Promise<T> {
    try {
      return await setUp();
    } catch (thrown) {
      await this.stop();
      throw thrown;
    }
  }

  answering(api: ApiClient = this.api): Promise<unknown> {
    return eventually('the control plane answering', () =>
      api.call('health').then((health) => (health.status === 'ok' ? health : undefined)),
    );
  }

  #startControlPlane(unit: string, env: Readonly<Record<string, string>>): Promise<number> {
    const paths = {
      '/var/lib/takt-control': join(this.dir, 'control-plane'),
      '/etc/takt': join(this.dir, 'etc'),
      '/usr/share/takt/console': join(root, 'apps', 'console', 'dist'),
    };
    return this.supervisor.start(CONTROL_PLANE_UNIT, { commands: COMMANDS, paths, env, as: unit });
  }

  /** Starts a further control plane on a port of its own and waits until it answers. The token is good for all of them. */
  async startReplica(unit = 'takt-control-plane-replica'): Promise<Replica> {
    const port = String(await freePort());
    const url = `http://127.0.0.1:${port}`;
    await this.#startControlPlane(unit, { ...this.#environment, TAKT_HTTP_PORT: port, TAKT_PUBLIC_URL: url });
    const api = createApiClient({ baseUrl: url, token: this.token });
    await this.answering(api);
    return { unit, url, api };
  }

  /** SIGKILL for one control plane, the first or a replica. Its unit starts it again. */
  killControlPlane(unit = 'takt-control-plane'): void {
    this.supervisor.kill(unit, 'SIGKILL');
  }

  /** Ends a control plane in an orderly way, for good. */
  stopControlPlane(unit: string): Promise<void> {
    return this.supervisor.stop(unit);
  }

  async controlPlane(...args: string[]): Promise<string> {
    const [command = '', ...rest] = COMMANDS['/usr/bin/takt-control-plane'] ?? [];
    const env = { PATH: process.env['PATH'] ?? '', ...this.#environment };
    return (await execa(command, [...rest, ...args], { env, extendEnv: false })).stdout.trim();
  }

  async startNats(): Promise<void> {
    this.#nats = await startNats({
      guard: this.#guard,
      binary: this.#natsBinary,
      configFile: join(this.dir, 'control-plane', 'nats', 'nats-server.conf'),
      host: '127.0.0.1',
      port: this.#natsPort,
      logFile: join(this.dir, 'logs', 'nats-server.log'),
    });
  }

  /** SIGKILL, then a start; with `wipe` everything that JetStream stored is gone in between. */
  async killNats(options: { readonly wipe: boolean }): Promise<void> {
    await this.#nats?.kill();
    if (options.wipe) await rm(join(this.dir, 'control-plane', 'nats', 'jetstream'), { recursive: true, force: true });
    await this.startNats();
  }

  get natsUrl(): string {
    return `nats://127.0.0.1:${String(this.#natsPort)}`;
  }

  /** Starts a node from the unit files with a fresh join token, and waits until the control plane knows what it is. */
  async addNode(name: string, site: string, line: string, settings: Readonly<Record<string, string>> = {}): Promise<HostNode> {
    const { token } = await this.api.call('createJoinToken', { body: { site, uses: 1, expiresInMinutes: 10 } });
    const dataDir = join(this.dir, name);
    const units = join(root, 'deploy', 'node');
    const place = { commands: COMMANDS, paths: { '/var/lib/takt': dataDir, '/etc/takt': join(dataDir, 'etc') } };
    const [agentUnit, runtimeUnit] = [`${name}-agent`, `${name}-runtime`];
    await this.supervisor.start(join(units, 'takt-runtime@.service'), { ...place, instance: line, as: runtimeUnit });
    await this.supervisor.start(join(units, 'takt-agent.service'), {
      ...place,
      env: { TAKT_SERVER: this.serverUrl, TAKT_JOIN_TOKEN: token, TAKT_NODE_NAME: name, ...settings },
      as: agentUnit,
    });
    const id = await eventually('the node joining', async () => {
      const identity = JSON.parse(await readFile(join(dataDir, 'identity', 'identity.json'), 'utf8')) as { nodeId: string };
      const node = await this.api.call('getNode', { params: { ref: identity.nodeId } });
      return node.online && node.facts !== null ? identity.nodeId : undefined;
    });
    return { id, dataDir, line, agentUnit, runtimeUnit };
  }

  /** Processes of this stack's units, children included, that nobody of the stack owns any more. */
  orphans(): readonly ProcessFacts[] {
    const guarded = new Set(this.guardedPids);
    const alive = listProcesses().filter(({ session }) => this.#sessions.has(session));
    const pids = new Set(alive.map(({ pid }) => pid));
    return alive.filter(({ pid, parent }) => !guarded.has(pid) && !pids.has(parent));
  }

  get guardedPids(): readonly number[] {
    return this.#guard.running();
  }

  async stop(): Promise<void> {
    await this.supervisor.stopAll();
    await this.#nats?.stop();
    await this.#postgres.stop();
    await this.#guard.close();
    await rm(this.dir, { recursive: true, force: true });
    if (!this.#postgres.dir.startsWith(this.dir)) await rm(this.#postgres.dir, { recursive: true, force: true });
  }
}

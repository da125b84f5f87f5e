import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDurableFs } from '@takt/durable-fs';
import type { DurableFs, NodeId } from '@takt/kernel';
import { TaktError, silentLogger } from '@takt/kernel';
import type { ProcessGuard, RunningPostgres, RunningService } from '@takt/local-stack';
import { createProcessGuard, findNatsServer, freePort, startNats, startPostgres } from '@takt/local-stack';
import type { ControlConnection, NodeConnection, Trust } from '@takt/messaging';
import {
  connectControl,
  connectNode,
  createNodeKey,
  createTrust,
  issueNodeUser,
  issueServiceUser,
  renderServerConfig,
} from '@takt/messaging';
import { pauseProcess } from './pause-process.js';

export interface TestStackOptions {
  /** Default true. */
  readonly postgres?: boolean;
  /** Default true. */
  readonly nats?: boolean;
  /** Folder searched for nats-server before PATH. Default `.takt/bin` below the working folder. */
  readonly toolDir?: string;
}

export interface TestPostgres {
  /** Holds the password. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data. */
  start(): Promise<void>;
  /** SIGSTOP for all of its processes; the returned function lets them go on. */
  pause(): Promise<() => void>;
}

export interface TestNatsServer {
  readonly servers: readonly string[];
  readonly port: number;
  readonly trust: Trust;
  /** Folder of the trust, for processes that load it themselves. */
  readonly trustDir: string;
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  /** SIGSTOP; the returned function lets it go on. */
  pause(): Promise<() => void>;
  /** Removes JetStream's files; only while it is not running. */
  wipeStore(): Promise<void>;
  /** A connection as the control plane has it. */
  connectControl(): Promise<ControlConnection>;
  /** A connection as the node has it, with a new key and a JWT for an hour. */
  connectNode(nodeId: NodeId): Promise<NodeConnection>;
}

/** Real servers on free loopback ports in one temporary folder. */
export interface TestStack {
  readonly dir: string;
  readonly fs: DurableFs;
  readonly guard: ProcessGuard;
  readonly postgres: TestPostgres;
  readonly nats: TestNatsServer;
  /** Ends every process and removes the folder. */
  stop(): Promise<void>;
}

const startTestPostgres = async (guard: ProcessGuard, dir: string): Promise<TestPostgres> => {
  const port = await freePort();
  const start = (): Promise<RunningPostgres> =>
    startPostgres({
      guard,
      dir: join(dir, 'postgres'),
      port,
      useTemplate: true,
      // A commit outlives a killed server, as in production: only what a power cut would lose is given up for speed.
      settings: { fsync: 'off', full_page_writes: 'off', shared_buffers: '32MB' },
    });
  let running = await start();
  return {
    url: running.url,
    port,
    stop: () => running.stop(),
    kill: () => running.kill(),
    start: async () => {
      running = await start();
    },
    pause: () => pauseProcess(running.pid),
  };
};

const startTestNats = async (guard: ProcessGuard, fs: DurableFs, dir: string, toolDir: string): Promise<TestNatsServer> => {
  // eslint-disable-next-line no-restricted-properties -- where programs are is a fact of the machine that runs the tests
  const binary = await findNatsServer(toolDir, process.env['PATH'] ?? '');
  if (binary === undefined) {
    throw new TaktError({
      code: 'NatsServerMissing',
      message: `no nats-server on PATH or in ${toolDir}`,
      action: 'run "npm test", which installs it, or install nats-server yourself',
      component: 'testing',
    });
  }
  const [port, trustDir, storeDir, configFile] = [await freePort(), join(dir, 'trust'), join(dir, 'jetstream'), join(dir, 'nats.conf')];
  const trust = await createTrust(fs, trustDir);
  await writeFile(configFile, renderServerConfig(trust, { host: '127.0.0.1', port, storeDir, resolverDir: join(dir, 'accounts') }), {
    mode: 0o600,
  });
  const start = (): Promise<RunningService> =>
    startNats({ guard, binary: binary.path, configFile, host: '127.0.0.1', port, logFile: join(dir, 'nats.log') });
  let running = await start();
  const servers = [`nats://127.0.0.1:${String(port)}`];
  return {
    servers,
    port,
    trust,
    trustDir,
    stop: () => running.stop(),
    kill: () => running.kill(),
    start: async () => {
      running = await start();
    },
    pause: () => pauseProcess(running.pid),
    wipeStore: () => rm(storeDir, { recursive: true, force: true }),
    connectControl: async () =>
      connectControl({ servers, credentials: await issueServiceUser(trust, 'test control plane'), logger: silentLogger }),
    connectNode: async (nodeId) => {
      const key = createNodeKey();
      const { jwt } = await issueNodeUser(trust, nodeId, key.publicKey, 3600);
      return connectNode({ servers, nodeId, jwt: () => jwt, seed: key.seed, logger: silentLogger });
    },
  };
};

/** Stands in for a part that a test did not ask for: using it names the option instead of failing somewhere else. */
const notStarted = <T extends object>(part: string): T =>
  new Proxy({} as T, {
    get: (_target, key) => {
      // Awaiting looks for `then`.
      if (key === 'then') return undefined;
      throw new Error(`this test stack was started without ${part}`);
    },
  });

/**
 * Starts PostgreSQL (from a data folder made once per machine) and nats-server with a fresh trust. Call it in `beforeAll`
 * and `stop` in `afterAll`; a test process that is killed leaves no server behind.
 */
export const startTestStack = async (options: TestStackOptions = {}): Promise<TestStack> => {
  const dir = await mkdtemp(join(tmpdir(), 'takt-stack-'));
  const guard = createProcessGuard();
  const fs = createDurableFs();
  const stop = async (): Promise<void> => {
    await guard.close(5000);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    // Below a folder that is closed to others, the server's own user could not reach its data.
    await chmod(dir, 0o755);
    const [postgres, nats] = await Promise.all([
      options.postgres === false ? notStarted<TestPostgres>('postgres') : startTestPostgres(guard, dir),
      options.nats === false
        ? notStarted<TestNatsServer>('nats')
        : startTestNats(guard, fs, dir, options.toolDir ?? join(process.cwd(), '.takt', 'bin')),
    ]);
    return { dir, fs, guard, postgres, nats, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
};

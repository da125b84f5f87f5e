import { join } from 'node:path';
import { createApiClient } from '@takt/api-client';
import type { ApiClient } from '@takt/api-client';
import { TaktError } from '@takt/kernel';
import type { DurableFs } from '@takt/kernel';
import {
  createProcessGuard,
  createSupervisor,
  freePort,
  installNatsServer,
  installedCommands,
  preferredPort,
  waitForPort,
  startPostgres,
} from '@takt/local-stack';
import type { Supervisor } from '@takt/local-stack';
import { execa } from 'execa';
import type { DemoOptions } from './options.js';
import type { Output } from './output.js';
import { readState, readToken, writeState, writeToken } from './state.js';
import { until } from './watch.js';

export interface Services {
  readonly root: string;
  /** Node.js that everything runs on. */
  readonly node: string;
  readonly dataDir: string;
  readonly logDir: string;
  readonly serverUrl: string;
  readonly fs: DurableFs;
  readonly supervisor: Supervisor;
  readonly api: ApiClient;
  /** Runs one command of the control plane with the services' settings, and answers what it prints. */
  controlPlane(args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/** A fresh one-time code for `takt login`. */
export const loginCode = (services: Services): Promise<string> => services.controlPlane(['login-code']);

/** Address of the console that logs in by a one-time code of its own; the code is in the fragment, which no server sees. */
export const consoleAddress = async (services: Services): Promise<string> =>
  `${services.serverUrl}/login#code=${await services.controlPlane(['login-code', '--console'])}`;

export interface ServiceContext {
  readonly root: string;
  readonly node: string;
  readonly options: DemoOptions;
  readonly fs: DurableFs;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** The ports of the last run where they are still free, else others; that of the API was chosen by `npm start`. */
async function choosePorts({ fs, options, output }: ServiceContext): Promise<{ postgres: number; nats: number; http: number }> {
  const last = (await readState(fs, options.dataDir))?.ports;
  const choose = async (name: string, preferred: number | undefined): Promise<number> => {
    const port = preferred === undefined ? await freePort() : await preferredPort(preferred);
    if (preferred !== undefined && port !== preferred) output.line(`  port ${String(preferred)} is busy: ${name} moves to ${String(port)}`);
    return port;
  };
  return {
    postgres: await choose('PostgreSQL', last?.postgres),
    nats: await choose('NATS', last?.nats),
    http: options.port,
  };
}

/** Runs one command of the control plane to its end. */
async function controlPlane(context: ServiceContext, args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const [command = '', ...rest] = installedCommands(context.root, context.node)['/usr/bin/takt-control-plane'] ?? [];
  const { exitCode, stdout, stderr } = await execa(command, [...rest, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    extendEnv: false,
    reject: false,
    cancelSignal: context.signal,
  });
  if (exitCode === 0) return stdout.trim();
  throw new TaktError({
    code: 'ControlPlaneCommandFailed',
    message: `takt-control-plane ${args.join(' ')} ended with ${String(exitCode)}: ${stderr.trim().split('\n').at(-1) ?? ''}`,
    action: 'read the message above',
  });
}

/** Starts PostgreSQL, NATS and the control plane, and gets a token for the demo's own calls. */
export async function startServices(context: ServiceContext): Promise<Services> {
  const { root, node, options, fs, output, signal } = context;
  const { dataDir } = options;
  const logDir = join(dataDir, 'logs');
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const ports = await choosePorts(context);
    const guard = createProcessGuard();
    stops.push(() => guard.close());
    const postgres = await output.step('PostgreSQL', (progress) =>
      startPostgres({ guard, dir: join(dataDir, 'postgres'), port: ports.postgres, onProgress: progress }),
    );
    stops.push(() => postgres.stop());

    const natsServer = await output.step('nats-server', (progress) =>
      installNatsServer({ toolDir: join(root, '.takt', 'bin'), path: process.env['PATH'] ?? '', env: process.env, onProgress: progress }),
    );
    const natsUrl = `nats://127.0.0.1:${String(ports.nats)}`;
    const serverUrl = `http://127.0.0.1:${String(ports.http)}`;
    const controlDir = join(dataDir, 'control-plane');
    const env = {
      DATABASE_URL: postgres.url,
      NATS_URL: natsUrl,
      TAKT_DATA_DIR: controlDir,
      TAKT_HTTP_PORT: String(ports.http),
      TAKT_PUBLIC_URL: serverUrl,
      // The demo's gates decide within seconds.
      TAKT_SAMPLE_SECONDS: '1',
    };
    const supervisor = createSupervisor({ logDir, guard, baseEnv: { PATH: process.env['PATH'] ?? '' } });
    stops.push(() => supervisor.stopAll());
    const place = {
      commands: installedCommands(root, node, natsServer.path),
      paths: {
        '/var/lib/takt-control': controlDir,
        '/etc/takt': join(controlDir, 'etc'),
        '/usr/share/takt/console': join(root, 'apps', 'console', 'dist'),
      },
    };
    await output.step('NATS', async () => {
      await controlPlane(context, ['init'], env);
      await supervisor.start(join(root, 'deploy', 'nats', 'takt-nats.service'), place);
      if (await waitForPort(ports.nats, '127.0.0.1', () => signal.aborted, 30_000)) return;
      throw new TaktError({
        code: 'NatsServerNotStarted',
        message: `nats-server did not start on port ${String(ports.nats)}`,
        action: `read ${join(logDir, 'takt-nats.log')}`,
      });
    });

    let api = createApiClient({ baseUrl: serverUrl });
    await output.step('control plane', async () => {
      const unit = join(root, 'deploy', 'control', 'takt-control-plane.service');
      await supervisor.start(unit, { ...place, env });
      await until(
        'the control plane answering',
        60_000,
        () => api.call('health').then((health) => (health.status === 'ok' ? health : undefined)),
        signal,
      );
    });

    let token = await readToken(fs, dataDir);
    if (token === undefined) {
      const code = await controlPlane(context, ['login-code'], env);
      token = (await api.call('login', { body: { code, name: 'demo' } })).token;
      await writeToken(fs, dataDir, token);
    }
    api = createApiClient({ baseUrl: serverUrl, token });
    await writeState(fs, dataDir, { ports, shown: (await readState(fs, dataDir))?.shown ?? false });
    return {
      root,
      node,
      dataDir,
      logDir,
      serverUrl,
      fs,
      supervisor,
      api,
      controlPlane: (args) => controlPlane(context, args, env),
      stop,
    };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

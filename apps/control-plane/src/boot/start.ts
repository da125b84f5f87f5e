import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ServerArtifactStore } from '@takt/artifact-store';
import { createDurableFs } from '@takt/durable-fs';
import { LogField, TaktError } from '@takt/kernel';
import type { Clock, Logger } from '@takt/kernel';
import { controlTransportOptions, createTrust, issueRpcUser, issueServiceUser } from '@takt/messaging';
import type { Trust } from '@takt/messaging';
import { Database, sqlState } from '@takt/persistence';
import { DEPLOYMENT_TRANSITIONS, DeploymentState, transitionTableFaults } from '@takt/rollout';
import type { Config } from '../config.js';
import { issueLoginCode } from '../access/login-code.js';
import { ContentSweeper } from '../content/content-sweeper.js';
import { Heartbeats } from '../reports/heartbeats.js';
import { TakeReport } from '../reports/take-report.js';
import { RolloutReconciler } from '../rollout/fleet/rollout-reconciler.js';
import { JobReconciler } from '../rollout/job-reconciler.js';
import { createHttpApp } from './http-app.js';
import { MessagingRuntime, MessagingState } from './messaging-runtime.js';
import { startRpc } from './rpc-start.js';
import { BackgroundWork } from './watched-work.js';
import { within } from './within.js';
import { ensureSecret, systemClock } from './parts.js';
import type { Parts } from './parts.js';
import { DEFAULT_PAUSES } from './pauses.js';
import type { Pauses } from './pauses.js';

const MAX_WAIT_MS = 5_000;
/** How long each part may take to end, ms: a part whose peer is stuck is left behind, since nothing is kept in memory alone. */
const STOP_MESSAGING_MS = 4_000;
const LAST_FLUSH_MS = 1_000;
const CLOSE_HTTP_MS = 1_500;
const CLOSE_DATABASE_MS = 1_500;

export interface ControlPlane {
  /** `http://host:port` that is listened on. */
  readonly url: string;
  /** The one-time code, where nobody has a token yet. */
  readonly loginCode: string | null;
  readonly parts: Parts;
  readonly app: NestExpressApplication;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Default `DEFAULT_PAUSES`. */
  readonly pauses?: Partial<Pauses>;
}

/**
 * Starts everything: waits for the database, listens, then connects to NATS in the background for as long as that takes.
 * Nothing is kept in memory that a restart would miss.
 */
export async function startControlPlane(
  config: Config,
  logger: Logger,
  signal: AbortSignal,
  options: StartOptions = {},
): Promise<ControlPlane> {
  const { clock = systemClock } = options;
  const faults = transitionTableFaults(DEPLOYMENT_TRANSITIONS, DeploymentState.pending);
  if (faults.length > 0) throw new TaktError({ code: 'StateTableInvalid', message: faults.join('; '), action: 'report this as a defect' });
  const fs = createDurableFs();
  const trust = await createTrust(fs, config.trustDir);
  const secret = await ensureSecret(fs, config.trustDir);
  const files = new ServerArtifactStore({ root: config.artifactDir, maxBytes: config.maxArtifactBytes });
  await files.open();
  const db = await waitForDatabase(config, logger, signal);
  let app: NestExpressApplication | undefined;
  let listening = '';
  try {
    const parts: Parts = {
      config,
      logger,
      clock,
      pauses: pausesOf(config, options.pauses),
      db,
      files,
      trust,
      secret,
      messaging: new MessagingState(),
      work: new BackgroundWork(),
      addresses: {
        natsUrls: config.natsPublicUrls,
        nodeJwtSeconds: config.nodeJwtSeconds,
        grantSeconds: config.grantSeconds,
        publicUrl: () => config.publicUrl ?? listening,
      },
    };
    app = await createHttpApp(parts);
    const loginCode = await firstLoginCode(db, clock);
    await app.listen(config.http.port, config.http.host);
    listening = urlOf(app.getHttpServer().address(), config);
    logger.info('control plane listens', { url: listening });
    const stopBackground = startBackground(app, parts, trust, signal);
    const started = app;
    return {
      url: listening,
      loginCode,
      parts,
      app,
      stop: async () => {
        started.getHttpServer().closeIdleConnections();
        await stopBackground();
        await closeHttp(started);
        await within(CLOSE_DATABASE_MS, db.close());
      },
    };
  } catch (error) {
    await app?.close().catch(() => undefined);
    await db.close();
    throw listenFault(error, config);
  }
}

/** Relay, reports, heartbeats, requests and jobs; returns how to end them in order. */
function startBackground(app: NestExpressApplication, parts: Parts, trust: Trust, signal: AbortSignal): () => Promise<void> {
  const { config, logger, db, clock, messaging, work } = parts;
  const stopped = new AbortController();
  const ends = AbortSignal.any([signal, stopped.signal]);
  const heartbeats = app.get(Heartbeats);
  const reconciler = app.get(JobReconciler);
  const rollouts = app.get(RolloutReconciler);
  const sweeper = app.get(ContentSweeper);
  work.add(...heartbeats.works, reconciler.work, rollouts.work, sweeper.work);
  heartbeats.start();
  reconciler.start();
  rollouts.start();
  sweeper.start();
  const runtime = (async (): Promise<MessagingRuntime | undefined> => {
    try {
      const started = await MessagingRuntime.start({
        servers: config.natsServers,
        credentials: await issueServiceUser(trust, 'control-plane'),
        db,
        clock,
        logger,
        takeReport: app.get(TakeReport),
        heartbeats,
        state: messaging,
        limits: config.streamLimits,
        work,
        signal: ends,
      });
      const rpcUser = await issueRpcUser(trust, 'control-plane-rpc');
      await startRpc(app, controlTransportOptions(config.natsServers, rpcUser), messaging.rpc);
      return started;
    } catch (error) {
      if (!ends.aborted) {
        // A control plane that answers people but not nodes would look healthy: it ends, and its unit starts it again.
        logger.error('messaging could not be started', { [LogField.error]: error });
        process.kill(process.pid, 'SIGTERM');
      }
      return undefined;
    }
  })();
  return async () => {
    stopped.abort();
    await Promise.all([
      reconciler.stop(),
      rollouts.stop(),
      sweeper.stop(),
      within(
        STOP_MESSAGING_MS,
        runtime.then((started) => started?.stop()),
      ),
    ]);
    // What nodes said last; where the database does not take it, the next heartbeat says it again.
    await Promise.all([within(LAST_FLUSH_MS, heartbeats.flush()), heartbeats.stop()]);
  };
}

function pausesOf({ sampleMs }: Config, given: Partial<Pauses> = {}): Pauses {
  const pauses = { ...DEFAULT_PAUSES, heartbeats: Math.min(DEFAULT_PAUSES.heartbeats, sampleMs), ...given };
  return Object.freeze(pauses);
}

async function waitForDatabase(config: Config, logger: Logger, signal: AbortSignal): Promise<Database> {
  for (let wait = 200; ; wait = Math.min(wait * 2, MAX_WAIT_MS)) {
    try {
      return await Database.open({ url: config.databaseUrl, logger, limits: config.databaseLimits });
    } catch (error) {
      // Refused credentials and a database that does not exist do not pass by waiting.
      const state = sqlState(error);
      if (state?.startsWith('28') === true || state === '3D000') {
        throw new TaktError({
          code: 'DatabaseRefused',
          message: `PostgreSQL refuses the connection: ${error instanceof Error ? error.message : String(error)}`,
          action: 'correct user, password and database name in DATABASE_URL',
          cause: error,
        });
      }
      signal.throwIfAborted();
      logger.warn('waiting for the database', { [LogField.error]: error instanceof Error ? error.message : String(error) });
      await sleep(wait, undefined, { signal });
    }
  }
}

/** While nobody can log in, each start makes a code; once there is a token, `takt-control-plane login-code` does. */
async function firstLoginCode(db: Database, clock: Clock): Promise<string | null> {
  return db.transaction(async (stores) => {
    const tokens = await stores.access.listTokens();
    return tokens.length > 0 ? null : issueLoginCode(stores, new Date(clock.now()));
  });
}

async function closeHttp(app: NestExpressApplication): Promise<void> {
  const server = app.getHttpServer();
  const closing = app.close();
  // Event streams never end by themselves.
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, 1_000);
  await within(CLOSE_HTTP_MS, closing);
  clearTimeout(timer);
}

function urlOf(address: AddressInfo | string | null, config: Config): string {
  const port = typeof address === 'object' && address !== null ? address.port : config.http.port;
  const host = config.http.host === '0.0.0.0' || config.http.host === '::' ? '127.0.0.1' : config.http.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

function listenFault(error: unknown, config: Config): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'EADDRINUSE') return error;
  return new TaktError({
    code: 'PortInUse',
    message: `port ${String(config.http.port)} on ${config.http.host} is in use`,
    action: 'stop the other process, or set TAKT_HTTP_PORT to a free port',
    cause: error,
  });
}

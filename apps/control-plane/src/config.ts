import { join } from 'node:path';
import { TaktError } from '@takt/kernel';
import { z } from 'zod';

const number = (fallback: number, min: number, max: number): z.ZodDefault<z.ZodCoercedNumber> =>
  z.coerce.number().min(min).max(max).default(fallback);

const environmentSchema = z.object({
  DATABASE_URL: z.string().regex(/^postgres(?:ql)?:\/\//, 'expected postgres://…'),
  /** Comma-separated. */
  NATS_URL: z.string().regex(/^(?:nats|tls):\/\/[^,]+(?:,(?:nats|tls):\/\/[^,]+)*$/, 'expected nats://host:port'),
  /** What nodes are told at join; NATS_URL where it is left out. */
  TAKT_NATS_PUBLIC_URL: z.string().optional(),
  TAKT_DATA_DIR: z.string().min(1),
  TAKT_HTTP_HOST: z.string().default('127.0.0.1'),
  TAKT_HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(7080),
  /** What nodes and people reach the API by. */
  TAKT_PUBLIC_URL: z.url().optional(),
  TAKT_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  TAKT_MAX_ARTIFACT_BYTES: number(8 * 1024 ** 3, 1, 2 ** 50),
  TAKT_MAX_MODEL_BYTES: number(512 * 1024 ** 2, 1, 2 ** 31),
  /** Life of a node's NATS identity; nodes renew at two thirds of it. */
  TAKT_NODE_JWT_SECONDS: number(86_400, 5, 31_536_000),
  TAKT_NODE_OFFLINE_SECONDS: number(20, 1, 3_600),
  /** A calibrate job moves to another node when its node was not seen for this long. */
  TAKT_JOB_LEASE_SECONDS: number(60, 1, 3_600),
  TAKT_GRANT_SECONDS: number(600, 5, 86_400),
  /** Applied reports are deleted after this many days. */
  TAKT_REPORT_DAYS: number(30, 1, 3_650),
  /** Time between two samples of a slot's counters that are kept. */
  TAKT_SAMPLE_SECONDS: number(10, 1, 3_600),
  /** Samples are deleted after this many hours. */
  TAKT_SAMPLE_HOURS: number(48, 1, 8_760),
  /** The built console; without it `/` says how to get one. */
  TAKT_CONSOLE_DIR: z.string().min(1).optional(),
  /** An uploaded file that no model, data set or job names is removed after this many hours. */
  TAKT_UNREFERENCED_HOURS: number(24, 0.01, 8_760),
  TAKT_MAX_STATISTICS_BYTES: number(64 * 1024 ** 2, 1, 2 ** 40),
  /** Reports that the broker keeps for a database that is behind, of all nodes and of one, before it refuses more. */
  TAKT_REPORTS_KEPT: number(200_000, 1, 2 ** 31),
  TAKT_REPORTS_KEPT_PER_NODE: number(2_000, 1, 2 ** 31),
  /** What the files of the broker may take. */
  TAKT_NATS_STORE_BYTES: number(1024 ** 3, 2 ** 20, 2 ** 50),
  /** Free room for artifacts below which health warns. */
  TAKT_MIN_FREE_BYTES: number(512 * 1024 ** 2, 0, 2 ** 50),
  /** Time in which the body of a request must arrive; files have no limit but that on silence. */
  TAKT_BODY_SECONDS: number(30, 0.1, 3_600),
  /** Time in which `/health` answers, whatever is stuck. */
  TAKT_HEALTH_SECONDS: number(2, 0.1, 60),
  /** Longest wait for a connection to the database, for a lock, and for one statement. */
  TAKT_DATABASE_CONNECT_SECONDS: number(5, 0.1, 600),
  TAKT_DATABASE_LOCK_SECONDS: number(10, 0.1, 3_600),
  TAKT_DATABASE_STATEMENT_SECONDS: number(30, 0.1, 3_600),
});

export interface Config {
  readonly databaseUrl: string;
  readonly natsServers: readonly string[];
  readonly natsPublicUrls: readonly string[];
  readonly dataDir: string;
  readonly trustDir: string;
  readonly artifactDir: string;
  readonly http: { readonly host: string; readonly port: number };
  /** Undefined means: the address that is listened on. */
  readonly publicUrl: string | undefined;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly maxArtifactBytes: number;
  readonly maxModelBytes: number;
  readonly nodeJwtSeconds: number;
  readonly nodeOfflineMs: number;
  readonly jobLeaseMs: number;
  readonly grantSeconds: number;
  readonly reportDays: number;
  readonly sampleMs: number;
  readonly sampleHours: number;
  readonly consoleDir: string | undefined;
  readonly unreferencedHours: number;
  readonly maxStatisticsBytes: number;
  readonly streamLimits: { readonly reports: number; readonly reportsPerNode: number };
  readonly natsStoreBytes: number;
  readonly minFreeBytes: number;
  readonly bodyMs: number;
  readonly healthMs: number;
  readonly databaseLimits: { readonly connectMs: number; readonly lockMs: number; readonly statementMs: number };
}

/**
 * Reads the configuration once. Every fault is listed by the name of its variable and never by its value.
 *
 * @throws TaktError `ConfigInvalid`
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environmentSchema.safeParse(set);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => {
      const name = issue.path.join('.');
      return set[name] === undefined
        ? `${name} is missing`
        : `${name}: ${issue.code === 'invalid_format' || issue.code === 'custom' ? issue.message : 'is not a valid value'}`;
    });
    throw new TaktError({
      code: 'ConfigInvalid',
      message: `the configuration has ${String(faults.length)} fault(s): ${faults.join('; ')}`,
      action: 'set these environment variables; docs/operations.md says what each means',
      component: 'control-plane',
    });
  }
  const env = parsed.data;
  return Object.freeze({
    databaseUrl: env.DATABASE_URL,
    natsServers: env.NATS_URL.split(','),
    natsPublicUrls: (env.TAKT_NATS_PUBLIC_URL ?? env.NATS_URL).split(','),
    dataDir: env.TAKT_DATA_DIR,
    trustDir: join(env.TAKT_DATA_DIR, 'trust'),
    artifactDir: join(env.TAKT_DATA_DIR, 'artifacts'),
    http: { host: env.TAKT_HTTP_HOST, port: env.TAKT_HTTP_PORT },
    publicUrl: env.TAKT_PUBLIC_URL?.replace(/\/+$/, ''),
    logLevel: env.TAKT_LOG_LEVEL,
    maxArtifactBytes: env.TAKT_MAX_ARTIFACT_BYTES,
    maxModelBytes: env.TAKT_MAX_MODEL_BYTES,
    nodeJwtSeconds: env.TAKT_NODE_JWT_SECONDS,
    nodeOfflineMs: env.TAKT_NODE_OFFLINE_SECONDS * 1000,
    jobLeaseMs: env.TAKT_JOB_LEASE_SECONDS * 1000,
    grantSeconds: env.TAKT_GRANT_SECONDS,
    reportDays: env.TAKT_REPORT_DAYS,
    sampleMs: env.TAKT_SAMPLE_SECONDS * 1000,
    sampleHours: env.TAKT_SAMPLE_HOURS,
    consoleDir: env.TAKT_CONSOLE_DIR,
    unreferencedHours: env.TAKT_UNREFERENCED_HOURS,
    maxStatisticsBytes: env.TAKT_MAX_STATISTICS_BYTES,
    streamLimits: { reports: env.TAKT_REPORTS_KEPT, reportsPerNode: env.TAKT_REPORTS_KEPT_PER_NODE },
    natsStoreBytes: env.TAKT_NATS_STORE_BYTES,
    minFreeBytes: env.TAKT_MIN_FREE_BYTES,
    bodyMs: env.TAKT_BODY_SECONDS * 1000,
    healthMs: env.TAKT_HEALTH_SECONDS * 1000,
    databaseLimits: {
      connectMs: env.TAKT_DATABASE_CONNECT_SECONDS * 1000,
      lockMs: env.TAKT_DATABASE_LOCK_SECONDS * 1000,
      statementMs: env.TAKT_DATABASE_STATEMENT_SECONDS * 1000,
    },
  });
}

const initSchema = z.object({
  TAKT_DATA_DIR: z.string().min(1),
  NATS_URL: z.string().regex(/^(?:nats|tls):\/\/[^,]+/, 'expected nats://host:port'),
  TAKT_NATS_STORE_BYTES: environmentSchema.shape.TAKT_NATS_STORE_BYTES,
});

/** What `init` needs: nothing of the database. @throws TaktError `ConfigInvalid` */
export function readInitConfig(environment: Readonly<Record<string, string | undefined>>): {
  dataDir: string;
  trustDir: string;
  natsUrl: URL;
  natsStoreBytes: number;
} {
  const parsed = initSchema.safeParse(environment);
  if (!parsed.success) {
    throw new TaktError({
      code: 'ConfigInvalid',
      message: `the configuration is incomplete: ${parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')}`,
      action: 'set TAKT_DATA_DIR and NATS_URL',
      component: 'control-plane',
    });
  }
  const [first] = parsed.data.NATS_URL.split(',');
  return {
    dataDir: parsed.data.TAKT_DATA_DIR,
    trustDir: join(parsed.data.TAKT_DATA_DIR, 'trust'),
    natsUrl: new URL(first ?? parsed.data.NATS_URL),
    natsStoreBytes: parsed.data.TAKT_NATS_STORE_BYTES,
  };
}

import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { slugSchema } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import { z } from 'zod';
import { workerEnvironment } from './work/worker-environment.js';

export const AgentCommand = {
  join: 'join',
  run: 'run',
  status: 'status',
  diagnose: 'diagnose',
  rollback: 'rollback',
  accept: 'accept',
  forget: 'forget',
} as const;
export type AgentCommand = (typeof AgentCommand)[keyof typeof AgentCommand];

const settingsSchema = z.object({
  command: z.enum(Object.values(AgentCommand) as [AgentCommand, ...AgentCommand[]]),
  data: z
    .string()
    .min(1)
    .transform((path) => resolve(path)),
  server: z.url({ protocol: /^https?$/ }).optional(),
  token: z.string().min(1).optional(),
  name: slugSchema.optional(),
  line: z.string().min(1).optional(),
  json: z.boolean().default(false),
  TAKT_WORKER: z.string().min(1).refine(isAbsolute, 'must be an absolute path').optional(),
  TAKT_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** Time between heartbeats, ms. */
  TAKT_HEARTBEAT_MS: z.coerce.number().int().min(100).max(60_000).default(3_000),
  /** Longest time between two looks at the desired state, ms; a push usually comes first. */
  TAKT_POLL_MS: z.coerce.number().int().min(1_000).max(3_600_000).default(120_000),
  /** Longest time one build or calibration may take, ms. */
  TAKT_JOB_DEADLINE_MS: z.coerce.number().int().min(1_000).max(86_400_000).default(3_600_000),
  /** Unpaced frames that each candidate of a build is measured over. */
  TAKT_BUILD_FRAMES: z.coerce.number().int().min(20).max(10_000).default(200),
});

export interface AgentConfig {
  readonly command: AgentCommand;
  /** Absolute. */
  readonly dataDir: string;
  /** Address of the control plane, for joining. */
  readonly server: string | undefined;
  readonly token: string | undefined;
  /** Name to join under; the hostname where it is left out. */
  readonly name: string | undefined;
  /** Slug, for `rollback`. */
  readonly line: string | undefined;
  readonly json: boolean;
  /** Entry of `takt-worker`, absolute. */
  readonly workerPath: string;
  /** Environment of workers. */
  readonly workerEnvironment: Readonly<Record<string, string>>;
  readonly logLevel: z.output<typeof settingsSchema>['TAKT_LOG_LEVEL'];
  readonly heartbeatMs: number;
  readonly pollMs: number;
  readonly jobDeadlineMs: number;
  readonly buildFrames: number;
}

/** The worker that is installed beside this agent. */
const DEFAULT_WORKER = fileURLToPath(new URL('../../worker/bin/takt-worker.mjs', import.meta.url));

/**
 * Reads command line and environment, once, in main.
 *
 * @throws TaktError `UsageInvalid` that names every wrong key, never a value
 */
export function readConfig(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): AgentConfig {
  const text = { type: 'string' } as const;
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { data: text, server: text, token: text, name: text, line: text, json: { type: 'boolean' } },
    });
  } catch (thrown) {
    throw usage(thrown instanceof Error ? thrown.message : String(thrown));
  }
  const { positionals, values } = parsed;
  if (positionals.length > 1) throw usage(`unexpected "${positionals.slice(1).join(' ')}"`);
  const {
    TAKT_SERVER,
    TAKT_JOIN_TOKEN,
    TAKT_NODE_NAME,
    TAKT_WORKER,
    TAKT_LOG_LEVEL,
    TAKT_HEARTBEAT_MS,
    TAKT_POLL_MS,
    TAKT_JOB_DEADLINE_MS,
    TAKT_BUILD_FRAMES,
  } = environment;
  const result = settingsSchema.safeParse({
    command: positionals[0],
    // A unit file passes these through /etc/takt/agent.env; the command line is stronger.
    ...(TAKT_SERVER === undefined ? {} : { server: TAKT_SERVER }),
    ...(TAKT_JOIN_TOKEN === undefined ? {} : { token: TAKT_JOIN_TOKEN }),
    ...(TAKT_NODE_NAME === undefined || TAKT_NODE_NAME === '' ? {} : { name: TAKT_NODE_NAME }),
    ...values,
    TAKT_WORKER,
    TAKT_LOG_LEVEL,
    TAKT_HEARTBEAT_MS,
    TAKT_POLL_MS,
    TAKT_JOB_DEADLINE_MS,
    TAKT_BUILD_FRAMES,
  });
  if (!result.success) throw usage(`not usable: ${[...new Set(result.error.issues.map((issue) => issue.path.join('.')))].join(', ')}`);
  const given = result.data;
  return Object.freeze({
    command: given.command,
    dataDir: given.data,
    server: given.server,
    token: given.token,
    name: given.name,
    line: given.line,
    json: given.json,
    workerPath: given.TAKT_WORKER ?? DEFAULT_WORKER,
    workerEnvironment: workerEnvironment(environment),
    logLevel: given.TAKT_LOG_LEVEL,
    heartbeatMs: given.TAKT_HEARTBEAT_MS,
    pollMs: given.TAKT_POLL_MS,
    jobDeadlineMs: given.TAKT_JOB_DEADLINE_MS,
    buildFrames: given.TAKT_BUILD_FRAMES,
  });
}

const usage = (message: string): TaktError =>
  new TaktError({
    code: 'UsageInvalid',
    message,
    action:
      'takt-agent join|run --data DIR [--server URL --token TOKEN] [--name NAME], or status|diagnose|rollback [--line SLUG]|accept|forget --data DIR',
    component: 'agent',
  });

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { slugSchema } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import { z } from 'zod';

const optionsSchema = z.object({
  data: z
    .string()
    .min(1)
    .transform((path) => resolve(path)),
  line: slugSchema,
  'frame-deadline-ms': z.coerce.number().int().min(50).max(600_000).default(5_000),
  'load-timeout-ms': z.coerce.number().int().min(1_000).max(3_600_000).default(120_000),
  'result-file-mib': z.coerce.number().positive().max(10_240).default(8),
  'log-level': z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

export interface RuntimeConfig {
  /** Absolute. */
  readonly dataDir: string;
  readonly slug: string;
  /** A frame that an engine has not finished after this time means that it hangs. */
  readonly frameDeadlineMs: number;
  readonly loadTimeoutMs: number;
  readonly resultFileBytes: number;
  readonly logLevel: z.output<typeof optionsSchema>['log-level'];
}

const MIB = 1024 * 1024;

/** @throws TaktError `UsageWrong` that names each wrong option. */
export function parseConfig(args: readonly string[]): RuntimeConfig {
  const text = { type: 'string' } as const;
  let values: Record<string, unknown>;
  try {
    const options = {
      data: text,
      line: text,
      'frame-deadline-ms': text,
      'load-timeout-ms': text,
      'result-file-mib': text,
      'log-level': text,
    };
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (thrown) {
    throw usageWrong(thrown instanceof Error ? thrown.message : String(thrown));
  }
  const parsed = optionsSchema.safeParse(values);
  if (!parsed.success) throw usageWrong(parsed.error.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`).join('; '));
  const given = parsed.data;
  return Object.freeze({
    dataDir: given.data,
    slug: given.line,
    frameDeadlineMs: given['frame-deadline-ms'],
    loadTimeoutMs: given['load-timeout-ms'],
    resultFileBytes: given['result-file-mib'] * MIB,
    logLevel: given['log-level'],
  });
}

const usageWrong = (message: string): TaktError =>
  new TaktError({ code: 'UsageWrong', message, action: 'use --data DIR --line SLUG', component: 'runtime' });

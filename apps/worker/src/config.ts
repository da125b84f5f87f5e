import { TaktError } from '@takt/kernel';
import { z } from 'zod';

const configSchema = z.object({
  TAKT_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('warn'),
});

export interface WorkerConfig {
  readonly logLevel: z.output<typeof configSchema>['TAKT_LOG_LEVEL'];
}

/** Reads the worker's settings from environment variables; problems are listed by key, never by value. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): WorkerConfig {
  const parsed = configSchema.safeParse(environment);
  if (!parsed.success) {
    throw new TaktError({
      code: 'ConfigInvalid',
      message: `the worker's settings are not usable: ${parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')}`,
      action: 'correct or unset these environment variables',
      component: 'worker',
    });
  }
  return Object.freeze({ logLevel: parsed.data.TAKT_LOG_LEVEL });
}

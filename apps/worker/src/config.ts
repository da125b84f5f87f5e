import { TaktError } from '@takt/kernel';
import { z } from 'zod';

const configSchema = z.object({
  /** Folder of an installed OpenVINO; the toolchain folder of the checkout where it is unset. */
  TAKT_OPENVINO_DIR: z.string().optional(),
  TAKT_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('warn'),
});

export interface WorkerConfig {
  readonly logLevel: z.output<typeof configSchema>['TAKT_LOG_LEVEL'];
  readonly openVinoDir: string | undefined;
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
  return Object.freeze({ logLevel: parsed.data.TAKT_LOG_LEVEL, openVinoDir: parsed.data.TAKT_OPENVINO_DIR });
}

/** For entries that have no environment of their own to give. */
export const processConfig = (): WorkerConfig => readConfig(process.env);

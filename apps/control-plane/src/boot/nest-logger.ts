import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@takt/kernel';

const text = (message: unknown): string => (message instanceof Error ? message.message : String(message));

/** Nest's own lines, in the log format of everything else. */
export const nestLogger = (logger: Logger): LoggerService => ({
  log: (message: unknown) => {
    logger.debug('nest', { detail: text(message) });
  },
  debug: (message: unknown) => {
    logger.debug('nest', { detail: text(message) });
  },
  verbose: (message: unknown) => {
    logger.debug('nest', { detail: text(message) });
  },
  warn: (message: unknown) => {
    logger.warn('nest', { detail: text(message) });
  },
  error: (message: unknown) => {
    logger.error('nest', { detail: text(message) });
  },
});

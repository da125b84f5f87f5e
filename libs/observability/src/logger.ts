import type { LogFields, Logger } from '@takt/kernel';
import { TaktError, printableJson } from '@takt/kernel';
import type { Logger as PinoLogger } from 'pino';
import { destination, pino, stdTimeFunctions } from 'pino';

export const LogLevel = { debug: 'debug', info: 'info', warn: 'warn', error: 'error', silent: 'silent' } as const;
export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel];

export interface LoggerOptions {
  /** Process or part that writes the lines, e.g. `agent`. */
  readonly name: string;
  /** Lowest level that is written. Default `info`. */
  readonly level?: LogLevel;
  /** File descriptor the lines go to. Default 2 (stderr), because stdout belongs to a command's result. */
  readonly fd?: number;
}

/** An error becomes data (code, action, cause), so that a log line can be searched without parsing a message. */
const errorFields = (thrown: unknown): unknown => {
  if (thrown instanceof TaktError) {
    const cause = thrown.cause instanceof Error ? thrown.cause.message : thrown.cause;
    return { ...thrown.toData(), ...(cause === undefined ? {} : { cause: String(cause) }) };
  }
  if (thrown instanceof Error) return { message: thrown.message, name: thrown.name, stack: thrown.stack };
  return thrown;
};

const adapt = (target: PinoLogger): Logger => ({
  debug: (message, fields = {}) => {
    target.debug(fields, message);
  },
  info: (message, fields = {}) => {
    target.info(fields, message);
  },
  warn: (message, fields = {}) => {
    target.warn(fields, message);
  },
  error: (message, fields = {}) => {
    target.error(fields, message);
  },
  child: (fields: LogFields) => adapt(target.child(fields)),
});

/**
 * JSON lines for journald: `{"level","time","name","msg",…fields}`. Writes are synchronous, so the last lines of a process
 * that exits or is stopped are not lost; an `error` field that holds a thrown value is written as data.
 */
export const createLogger = (options: LoggerOptions): Logger => {
  const sink = destination({ fd: options.fd ?? 2, sync: true });
  return adapt(
    pino(
      {
        name: options.name,
        level: options.level ?? LogLevel.info,
        base: { name: options.name, pid: process.pid },
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { error: errorFields },
      },
      // A person may read the log on a terminal.
      { write: (line: string) => void sink.write(printableJson(line)) },
    ),
  );
};

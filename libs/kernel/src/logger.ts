/**
 * Field names of structured logs. The message is a constant string, everything variable is a field.
 * Adding a name here is the only way to log a new field under a stable name.
 */
export const LogField = {
  actor: 'actor',
  artifact: 'artifact',
  attempt: 'attempt',
  code: 'code',
  deploymentId: 'deploymentId',
  durationMs: 'durationMs',
  engine: 'engine',
  error: 'error',
  generation: 'generation',
  jobId: 'jobId',
  lineId: 'lineId',
  nodeId: 'nodeId',
  phase: 'phase',
  pid: 'pid',
  requestId: 'requestId',
  seq: 'seq',
  slotId: 'slotId',
  state: 'state',
} as const;

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each line. */
  child(fields: LogFields): Logger;
}

/** Discards everything; for code that runs without a log (tests, one-shot commands). */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};

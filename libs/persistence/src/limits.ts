/** How long the database may take before a caller gets an error. All in ms. */
export interface DatabaseLimits {
  /** Until a connection stands, and until one of the pool is free. */
  readonly connectMs: number;
  /** For a row or a lock that another transaction holds; ends with SQLSTATE 55P03. */
  readonly lockMs: number;
  /** For one statement; the server ends it with SQLSTATE 57014. */
  readonly statementMs: number;
  /** For an answer of any kind. A server that gives none is dead or stopped: its connection is closed. */
  readonly answerMs: number;
  /** For a transaction that does nothing; the server closes the connection. */
  readonly idleInTransactionMs: number;
  /** For another process that migrates. */
  readonly migrationLockMs: number;
  /** For one statement of a migration, which may rewrite a large table. */
  readonly migrationMs: number;
}

/** Time that an answer may take on its way, beyond the statement's own limit, ms. */
const ON_THE_WAY_MS = 5_000;

/** Limits with defaults: 5 s to connect, 10 s for a lock, 30 s for a statement, 60 s for another migration, 1 h for a migration. */
export function databaseLimits(given: Partial<DatabaseLimits> = {}): DatabaseLimits {
  const statementMs = given.statementMs ?? 30_000;
  return {
    connectMs: 5_000,
    lockMs: 10_000,
    statementMs,
    answerMs: statementMs + ON_THE_WAY_MS,
    idleInTransactionMs: 60_000,
    migrationLockMs: 60_000,
    migrationMs: 3_600_000,
    ...given,
  };
}

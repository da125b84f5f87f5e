/** SQLSTATE of a driver error, undefined for anything else. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, driverError } = error as { code?: unknown; driverError?: { code?: unknown } };
  const state = driverError?.code ?? code;
  return typeof state === 'string' && /^[0-9A-Z]{5}$/.test(state) ? state : undefined;
}

export const isForeignKeyViolation = (error: unknown): boolean => sqlState(error) === '23503';
export const isUniqueViolation = (error: unknown): boolean => sqlState(error) === '23505';

/** A value that no column takes (class 22), or that is too large (54000): the same value never becomes one that is taken. */
export const isBadValue = (error: unknown): boolean => {
  const state = sqlState(error);
  return state !== undefined && (state.startsWith('22') || state === '54000');
};

/** The values of a row, alone or next to the rows that exist (class 23), were refused; connection and server are in order. */
export const isRowRefused = (error: unknown): boolean => isBadValue(error) || sqlState(error)?.startsWith('23') === true;

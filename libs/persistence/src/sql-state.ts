/** SQLSTATE of a driver error, undefined for anything else. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, driverError } = error as { code?: unknown; driverError?: { code?: unknown } };
  const state = driverError?.code ?? code;
  return typeof state === 'string' && /^[0-9A-Z]{5}$/.test(state) ? state : undefined;
}

export const isForeignKeyViolation = (error: unknown): boolean => sqlState(error) === '23503';
export const isUniqueViolation = (error: unknown): boolean => sqlState(error) === '23505';

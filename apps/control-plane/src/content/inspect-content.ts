import { TaktError } from '@takt/kernel';
import type { Digest } from '@takt/kernel';
import { isForeignKeyViolation } from '@takt/persistence';
import { notFound } from '../errors.js';
import type { UnreferencedContent } from './unreferenced-content.js';

/**
 * Reads a stored file with the parser of what it should become. Content that the parser refuses is removed at once, unless something
 * else names it.
 *
 * @throws TaktError the refusal, or `NotFound` where the file was removed meanwhile
 */
export async function inspectContent<T>(
  unreferenced: Pick<UnreferencedContent, 'discard'>,
  digest: Digest,
  inspect: () => Promise<T>,
): Promise<T> {
  try {
    return await inspect();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw notFound('artifact', digest);
    if (error instanceof TaktError) await unreferenced.discard(digest);
    throw error;
  }
}

/** The row of what a file became, written only while the file's own row is there. @throws TaktError `NotFound` */
export async function registerContent<T>(digest: Digest, register: () => Promise<T>): Promise<T> {
  try {
    return await register();
  } catch (error) {
    throw isForeignKeyViolation(error) ? notFound('artifact', digest) : error;
  }
}

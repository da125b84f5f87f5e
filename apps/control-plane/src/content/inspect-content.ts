import { TaktError } from '@takt/kernel';
import type { Digest } from '@takt/kernel';
import type { Artifact } from '@takt/persistence';
import { isForeignKeyViolation } from '@takt/persistence';
import { notFound } from '../errors.js';
import type { UnreferencedContent } from './unreferenced-content.js';

/** A file that a caller wants something made of: who calls, and what such a file is uploaded for. */
export type Inspected = Pick<Artifact, 'digest' | 'createdBy' | 'purpose'>;

/**
 * Reads a stored file with the parser of what it should become. Content that the parser refuses, and would refuse again, is removed at
 * once, where the caller uploaded it for this and nothing names it.
 *
 * @throws TaktError the refusal, or `NotFound` where the file was removed meanwhile
 */
export async function inspectContent<T>(
  unreferenced: Pick<UnreferencedContent, 'discard'>,
  { digest, ...upload }: Inspected,
  inspect: () => Promise<T>,
): Promise<T> {
  try {
    return await inspect();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw notFound('artifact', digest);
    if (error instanceof TaktError && !error.retryable) await unreferenced.discard(digest, upload);
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

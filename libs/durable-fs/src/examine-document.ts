import { stat } from 'node:fs/promises';
import type { DurableFs } from '@takt/kernel';
import { kindOf } from './file-kind.js';

/** What a schema must offer to check a document; zod's schemas do. */
export interface DocumentSchema<T> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: T }
    | {
        readonly success: false;
        readonly error: { readonly issues: readonly { readonly path: PropertyKey[]; readonly message: string }[] };
      };
}

/**
 * A document on disk as it was found. `damaged`: the file was read and is not what it should be, so it will never become
 * that. `unreadable`: the system could not read it (EIO, EACCES, …), so it may be whole.
 */
export type DocumentReading<T> =
  | { readonly kind: 'missing' }
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'damaged'; readonly detail: string }
  | { readonly kind: 'unreadable'; readonly detail: string };

/** The bytes of a file, by the same distinction. Never rejects. */
export async function examineFile(fs: DurableFs, path: string): Promise<DocumentReading<Uint8Array>> {
  try {
    const bytes = await fs.read(path);
    return bytes === undefined ? { kind: 'missing' } : { kind: 'read', value: bytes };
  } catch (thrown) {
    if (errnoOf(thrown) === 'FileNotRegular') return { kind: 'damaged', detail: `${await kindAt(path)} is in its place` };
    if (errnoOf(thrown) === 'FileTooLarge') return { kind: 'damaged', detail: 'it is larger than any such file' };
    return { kind: 'unreadable', detail: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

const kindAt = (path: string): Promise<string> => stat(path).then(kindOf, () => 'something else');

/** Reads a JSON document and checks it. Never rejects. */
export async function examineDocument<T>(fs: DurableFs, path: string, schema: DocumentSchema<T>): Promise<DocumentReading<T>> {
  const found = await examineFile(fs, path);
  if (found.kind !== 'read') return found;
  if (found.value.byteLength === 0) return { kind: 'damaged', detail: 'it is empty' };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(found.value));
  } catch {
    return { kind: 'damaged', detail: `its ${String(found.value.byteLength)} bytes are not JSON` };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { kind: 'read', value: parsed.data };
  const issues = parsed.error.issues.slice(0, 3).map(({ path: at, message }) => `${at.map(String).join('.') || 'document'}: ${message}`);
  return { kind: 'damaged', detail: `it does not have the expected content (${issues.join('; ')})` };
}

/** Code of an error, such as `ENOENT`. */
export const errnoOf = (thrown: unknown): string | undefined =>
  thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;

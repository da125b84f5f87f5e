import { examineDocument } from '@takt/durable-fs';
import type { DocumentSchema } from '@takt/durable-fs';
import { TaktError } from '@takt/kernel';
import type { DurableFs } from '@takt/kernel';

/**
 * Reads a document that another process owns; undefined where there is none. It is left as it is.
 *
 * @throws TaktError `DocumentInvalid`: it is damaged or cannot be read
 */
export async function readDocument<T>(fs: DurableFs, path: string, schema: DocumentSchema<T>): Promise<T | undefined> {
  const found = await examineDocument(fs, path, schema);
  if (found.kind === 'read') return found.value;
  if (found.kind === 'missing') return undefined;
  throw new TaktError({
    code: 'DocumentInvalid',
    message: `${path} is ${found.kind}: ${found.detail}`,
    action: 'check the disk of the node (dmesg, smartctl -a); takt-agent and takt-runtime replace the file when they start',
    component: 'agent',
    element: path,
  });
}

export const writeDocument = (fs: DurableFs, path: string, value: unknown): Promise<void> =>
  fs.write(path, `${JSON.stringify(value, null, 1)}\n`);

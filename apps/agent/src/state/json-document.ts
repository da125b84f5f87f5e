import { TaktError } from '@takt/kernel';
import type { DurableFs } from '@takt/kernel';
import type { z } from 'zod';

/**
 * Reads a document of the data folder; undefined where there is none.
 *
 * @throws TaktError `DocumentInvalid`: it was written whole, so it is of another version or was edited
 */
export async function readDocument<T>(fs: DurableFs, path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const bytes = await fs.read(path);
  if (bytes === undefined) return undefined;
  const invalid = (detail: string): TaktError =>
    new TaktError({
      code: 'DocumentInvalid',
      message: `${path} is not readable: ${detail}`,
      action: 'move the file away; the node then starts without it and reports again',
      component: 'agent',
      element: path,
    });
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw invalid('no JSON');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  return parsed.data;
}

export const writeDocument = (fs: DurableFs, path: string, value: unknown): Promise<void> =>
  fs.write(path, `${JSON.stringify(value, null, 1)}\n`);

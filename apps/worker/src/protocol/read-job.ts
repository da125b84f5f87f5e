import { workerJobSchema } from '@takt/contracts';
import type { WorkerJob } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import { TextLimit, readText } from '../process/read-text.js';

/** Reads and checks a job file. Throws TaktError `JobFileUnreadable` or `JobInvalid`, which names the wrong fields. */
export async function readJob(path: string): Promise<WorkerJob> {
  let document: unknown;
  try {
    document = JSON.parse(await readText(path, TextLimit.job));
  } catch (error) {
    throw new TaktError({
      code: 'JobFileUnreadable',
      message: `job file ${path} is not readable JSON: ${error instanceof Error ? error.message : String(error)}`,
      action: 'write the job as JSON into a file that this user may read',
      component: 'worker',
      element: path,
      cause: error,
    });
  }
  const parsed = workerJobSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const kind = (document as { kind?: unknown } | null)?.kind;
  throw new TaktError({
    code: 'JobInvalid',
    message:
      `job file ${path} is no valid ${typeof kind === 'string' ? kind : ''} job`.replace('  ', ' ') +
      `: ${parsed.error.issues[0]?.message ?? ''}`,
    action: 'compare it with workerJob in the contracts',
    component: 'worker',
    element: path,
  });
}

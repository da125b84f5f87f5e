import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { workerMessageSchema } from '@takt/contracts';
import type { WorkerMessage } from '@takt/contracts';
import { TaktError } from '@takt/kernel';

/** The worker's lines as messages. Throws TaktError `WorkerProtocolBroken` on a line that is none. */
export async function* readMessages(stdout: Readable): AsyncGenerator<WorkerMessage, void, undefined> {
  for await (const line of createInterface({ input: stdout, crlfDelay: Infinity })) {
    if (line.trim() === '') continue;
    yield parseMessage(line);
  }
}

function parseMessage(line: string): WorkerMessage {
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch {
    document = undefined;
  }
  const parsed = workerMessageSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new TaktError({
    code: 'WorkerProtocolBroken',
    message: `the worker printed something that is no message: ${line.slice(0, 120)}`,
    action: 'build the project again (npm run build), so that CLI and worker have one version',
    component: 'cli',
  });
}

import { basename } from 'node:path';
import { lineAssignmentSchema } from '@takt/contracts';
import type { LineAssignment } from '@takt/contracts';
import { errnoOf, examineDocument, setAside } from '@takt/durable-fs';
import type { DocumentReading, DocumentSchema } from '@takt/durable-fs';
import { LogField, TaktError } from '@takt/kernel';
import type { Clock, DurableFs, Logger } from '@takt/kernel';
import type { LinePaths } from '../line-paths.js';
import { EMPTY_RECORD, activationRecordSchema } from './record.js';
import type { ActivationRecord } from './record.js';

/** The line's documents on disk. */
export interface LineStore {
  readRecord(): Promise<ActivationRecord>;
  writeRecord(record: ActivationRecord): Promise<void>;
  readLine(): Promise<LineAssignment | undefined>;
  writeLine(line: LineAssignment): Promise<void>;
}

const enginesSchema = activationRecordSchema.pick({ committed: true, previous: true });

/** A folder stands where the file has to go. */
const OBSTRUCTED: ReadonlySet<string> = new Set(['EISDIR', 'ENOTEMPTY', 'EEXIST']);

/**
 * Every write is atomic, so only a damaged disk or a stranger leaves a document that cannot be read. It is moved to the
 * line's quarantine folder and the line starts without it, because a line that does not start at all cannot be given a new
 * one. Which engines the line served is kept twice: with no agent and no network the line still has one to start.
 */
export function createLineStore(fs: DurableFs, paths: LinePaths, logger: Logger, clock: Pick<Clock, 'now'>): LineStore {
  const moveAside = (path: string): Promise<string> => setAside(fs, path, paths.quarantine, basename(path), clock.now());

  const read = async <T>(path: string, schema: DocumentSchema<T>, remedy: string): Promise<T | undefined> => {
    const found: DocumentReading<T> = await examineDocument(fs, path, schema);
    if (found.kind === 'read') return found.value;
    if (found.kind === 'missing') return undefined;
    const aside =
      found.kind === 'damaged'
        ? await moveAside(path).then(
            (target) => `was moved to ${target}`,
            () => 'cannot be moved',
          )
        : 'was left in its place';
    const error = new TaktError({
      code: 'LineFileDamaged',
      message: `the file ${path} is ${found.kind} (${found.detail}) and ${aside}; ${remedy}`,
      action: 'check the disk of the node (dmesg, smartctl -a)',
      component: 'runtime',
      element: path,
    });
    logger.error('line file damaged', { [LogField.error]: error });
    return undefined;
  };

  const write = async (path: string, document: unknown): Promise<void> => {
    const content = `${JSON.stringify(document, null, 2)}\n`;
    try {
      await fs.write(path, content);
    } catch (thrown) {
      if (!OBSTRUCTED.has(errnoOf(thrown) ?? '')) throw thrown;
      await moveAside(path);
      await fs.write(path, content);
    }
  };

  /** The engines as the copy on disk has them, as text; undefined until it was read or written. */
  let copied: string | undefined;
  const writeCopy = async ({ committed, previous }: ActivationRecord): Promise<void> => {
    const engines = JSON.stringify({ committed, previous });
    if (engines === copied) return;
    await write(paths.activationCopy, { committed, previous });
    copied = engines;
  };

  return {
    async readRecord() {
      const record = await read(paths.activation, activationRecordSchema, 'the line goes on with the engines of its copy');
      const copy = await read(paths.activationCopy, enginesSchema, 'it is written again with the next record');
      copied = copy === undefined ? undefined : JSON.stringify({ committed: copy.committed, previous: copy.previous });
      if (record !== undefined) return record;
      if (copy === undefined) return EMPTY_RECORD;
      logger.warn('activation record is taken from its copy', { [LogField.deploymentId]: copy.committed?.deploymentId });
      const rebuilt = { ...EMPTY_RECORD, ...copy };
      await write(paths.activation, rebuilt);
      return rebuilt;
    },
    async writeRecord(record) {
      await write(paths.activation, record);
      await writeCopy(record);
    },
    readLine: () => read(paths.line, lineAssignmentSchema, 'the agent assigns the line again'),
    writeLine: (line) => write(paths.line, line),
  };
}

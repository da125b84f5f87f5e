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
import { restoreRecord } from './restore-record.js';

/** The line's documents on disk. */
export interface LineStore {
  readRecord(): Promise<RecordReading>;
  writeRecord(record: ActivationRecord): Promise<void>;
  readLine(): Promise<LineAssignment | undefined>;
  writeLine(line: LineAssignment): Promise<void>;
}

export interface RecordReading {
  readonly record: ActivationRecord;
  /** Why the record is lost and what the line waits for; null where it is known what the line serves, if anything. */
  readonly lost: string | null;
}

const enginesSchema = activationRecordSchema.pick({ committed: true, previous: true });

/** A folder stands where the file has to go. */
const OBSTRUCTED: ReadonlySet<string> = new Set(['EISDIR', 'ENOTEMPTY', 'EEXIST']);

/**
 * Every write is atomic, so only a damaged disk or a stranger leaves a document that cannot be read. It is moved to the
 * line's quarantine folder and the line starts without it, because a line that does not start at all cannot be given a new
 * one. Which engines the line served is kept twice, and is restored from the agent's files where both are lost: with no
 * agent and no network the line still has one to start.
 */
export function createLineStore(fs: DurableFs, paths: LinePaths, logger: Logger, clock: Pick<Clock, 'now'>): LineStore {
  /** Files that the system could not read and that are still in their place. They may be whole, so they are never overwritten. */
  const unread = new Set<string>();
  const moveAside = async (path: string): Promise<string> => {
    const target = await setAside(fs, path, paths.quarantine, basename(path), clock.now());
    unread.delete(path);
    return target;
  };

  const read = async <T>(path: string, schema: DocumentSchema<T>, remedy: string): Promise<DocumentReading<T>> => {
    const found: DocumentReading<T> = await examineDocument(fs, path, schema);
    if (found.kind === 'read' || found.kind === 'missing') return found;
    if (found.kind === 'unreadable') unread.add(path);
    const aside =
      found.kind === 'damaged'
        ? await moveAside(path).then(
            (target) => `was moved to ${target}`,
            (thrown: unknown) => `cannot be moved (${thrown instanceof Error ? thrown.message : String(thrown)})`,
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
    return found;
  };

  const write = async (path: string, document: unknown): Promise<void> => {
    const content = `${JSON.stringify(document, null, 2)}\n`;
    if (unread.has(path)) await moveAside(path);
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

  const writeRecord = async (record: ActivationRecord): Promise<void> => {
    await write(paths.activation, record);
    await writeCopy(record);
  };

  /** A disk that cannot be written must not keep the line from starting; what is missing is written again with the next record. */
  const tryTo = (what: string, written: Promise<void>): Promise<void> =>
    written.catch((thrown: unknown) => {
      logger.error(what, { [LogField.error]: thrown });
    });

  /** Writes a rebuilt record, but not in the place of one that may be whole: the next start may be able to read that. */
  const keep = async (record: ActivationRecord): Promise<RecordReading> => {
    if (!unread.has(paths.activation)) await tryTo('restored activation record cannot be written', writeRecord(record));
    return { record, lost: null };
  };

  const readLine = async (): Promise<LineAssignment | undefined> =>
    valueOf(await read(paths.line, lineAssignmentSchema, 'the agent assigns the line again'));

  /** Neither the record nor its copy can be used: from the agent's files, as far as they and the builds on disk go. */
  const restore = async (isDamaged: boolean): Promise<RecordReading> => {
    const found = await restoreRecord(fs, paths, await readLine(), new Date(clock.now()).toISOString());
    if (found.kind === 'restored') {
      logger.warn('activation record is restored from the files of the agent', {
        [LogField.deploymentId]: found.record.committed?.deploymentId,
      });
      return keep(found.record);
    }
    // Without a record that was damaged, now or at an earlier start, a line of which nothing is known is a new one.
    const wasDamaged =
      isDamaged || (await fs.list(paths.quarantine).catch((): string[] => [])).some((name) => name.startsWith(basename(paths.activation)));
    if (found.kind === 'unknown' && !wasDamaged) return { record: EMPTY_RECORD, lost: null };
    const lost = `line ${paths.slug} lost the record of what it served; ${found.message}`;
    logger.error('line serves nothing until it gets an engine', { [LogField.error]: lost });
    return { record: EMPTY_RECORD, lost };
  };

  return {
    async readRecord() {
      const record = await read(
        paths.activation,
        activationRecordSchema,
        'its copy, or else the files of the agent, say what the line serves',
      );
      const copy = await read(paths.activationCopy, enginesSchema, 'it is written again');
      copied = copy.kind === 'read' ? JSON.stringify({ committed: copy.value.committed, previous: copy.value.previous }) : undefined;
      if (record.kind === 'read') {
        if (!unread.has(paths.activationCopy)) await tryTo('copy of the activation record cannot be written', writeCopy(record.value));
        return { record: record.value, lost: null };
      }
      if (copy.kind !== 'read') return restore(record.kind !== 'missing' || copy.kind !== 'missing');
      logger.warn('activation record is taken from its copy', { [LogField.deploymentId]: copy.value.committed?.deploymentId });
      return keep({ ...EMPTY_RECORD, ...copy.value });
    },
    writeRecord,
    readLine,
    writeLine: (line) => write(paths.line, line),
  };
}

const valueOf = <T>(found: DocumentReading<T>): T | undefined => (found.kind === 'read' ? found.value : undefined);

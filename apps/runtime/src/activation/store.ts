import { lineAssignmentSchema } from '@takt/contracts';
import type { LineAssignment } from '@takt/contracts';
import { LogField, TaktError } from '@takt/kernel';
import type { DurableFs, Logger } from '@takt/kernel';
import type { z } from 'zod';
import type { LinePaths } from '../line-paths.js';
import { EMPTY_RECORD, activationRecordSchema } from './record.js';
import type { ActivationRecord } from './record.js';

/** The line's two documents on disk. */
export interface LineStore {
  readRecord(): Promise<ActivationRecord>;
  writeRecord(record: ActivationRecord): Promise<void>;
  readLine(): Promise<LineAssignment | undefined>;
  writeLine(line: LineAssignment): Promise<void>;
}

/**
 * Every write is atomic, so only a damaged disk or a stranger leaves a document that cannot be read. It is put aside as
 * `<name>.damaged` and the line starts without it, because a line that does not start at all cannot be given a new one.
 */
export function createLineStore(fs: DurableFs, paths: LinePaths, logger: Logger): LineStore {
  const read = async <T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> => {
    const bytes = await fs.read(path);
    if (bytes === undefined) return undefined;
    try {
      return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    } catch (thrown) {
      const aside = `${path}.damaged`;
      await fs.publish(path, aside);
      const error = new TaktError({
        code: 'LineFileDamaged',
        message: `the file ${path} could not be read as what it should be and was moved to ${aside}`,
        action: 'none: the agent assigns the line and its release again',
        component: 'runtime',
        element: path,
        cause: thrown,
      });
      logger.error('line file damaged', { [LogField.error]: error });
      return undefined;
    }
  };
  const write = (path: string, document: unknown): Promise<void> => fs.write(path, `${JSON.stringify(document, null, 2)}\n`);
  return {
    readRecord: async () => (await read(paths.activation, activationRecordSchema)) ?? EMPTY_RECORD,
    writeRecord: (record) => write(paths.activation, record),
    readLine: () => read(paths.line, lineAssignmentSchema),
    writeLine: (line) => write(paths.line, line),
  };
}

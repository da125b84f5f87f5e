import type { Condition, RuntimeStatus } from '@takt/contracts';
import { firstFew } from '../state/first-few.js';

export interface LineSource {
  readonly slug: string;
  /** What the line's runtime says of its source; null where it says nothing. */
  readonly source: RuntimeStatus['source'];
}

/** `SourceReadable`: whether each line can open and read its source; undefined while no runtime says so. */
export function sourceCondition(lines: readonly LineSource[]): Pick<Condition, 'status' | 'reason' | 'message' | 'action'> | undefined {
  const known = lines.flatMap(({ slug, source }) => (source === null ? [] : [{ slug, error: source.error ?? source.firstUnreadable }]));
  if (known.length === 0) return undefined;
  const faulty = known.flatMap(({ slug, error }) => (error === null ? [] : [{ slug, error }]));
  const [first] = faulty;
  if (first === undefined) return { status: 'true', reason: 'Readable', message: 'every line can read its source', action: null };
  return {
    status: 'false',
    reason: first.error.code,
    message: firstFew(
      faulty.map(({ slug, error }) => `line ${slug}: ${error.message}`),
      '; ',
    ),
    action: first.error.action,
  };
}

import { join } from 'node:path';

/** Files of one line in a node's data folder. */
export interface LinePaths {
  readonly folder: string;
  /** The line's assignment: {@link LineAssignment}. */
  readonly line: string;
  /** The activation record. */
  readonly activation: string;
  /** The record's engines once more: what the line serves and served before. */
  readonly activationCopy: string;
  /** Damaged files, as `<name>.<time>`. */
  readonly quarantine: string;
  readonly socket: string;
  /** Newest results; older ones are in `results.1.ndjson`. */
  readonly results: string;
}

export function linePaths(dataDir: string, slug: string): LinePaths {
  const folder = join(dataDir, 'lines', slug);
  return {
    folder,
    line: join(folder, 'line.json'),
    activation: join(folder, 'activation.json'),
    activationCopy: join(folder, 'activation.copy.json'),
    quarantine: join(folder, 'quarantine'),
    socket: join(folder, 'control.sock'),
    results: join(folder, 'results.ndjson'),
  };
}

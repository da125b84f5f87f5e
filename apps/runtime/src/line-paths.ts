import { join } from 'node:path';

/** Files of one line in a node's data folder. */
export interface LinePaths {
  readonly slug: string;
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
  /** Files of the agent that also say what the line serves; read only. */
  readonly node: {
    readonly desired: string;
    readonly current: string;
    readonly rollback: string;
    readonly ledger: string;
    /** One folder per finished build. */
    readonly builds: string;
  };
}

export function linePaths(dataDir: string, slug: string): LinePaths {
  const folder = join(dataDir, 'lines', slug);
  const agent = join(dataDir, 'agent');
  return {
    slug,
    folder,
    line: join(folder, 'line.json'),
    activation: join(folder, 'activation.json'),
    activationCopy: join(folder, 'activation.copy.json'),
    quarantine: join(folder, 'quarantine'),
    socket: join(folder, 'control.sock'),
    results: join(folder, 'results.ndjson'),
    node: {
      desired: join(agent, 'desired.json'),
      current: join(agent, 'current.json'),
      rollback: join(agent, 'rollback.json'),
      ledger: join(agent, 'ledger.json'),
      builds: join(dataDir, 'builds'),
    },
  };
}

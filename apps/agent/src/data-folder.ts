import { join } from 'node:path';

/** Where a node keeps what. Everything is below one folder. */
export interface DataFolder {
  readonly root: string;
  readonly identity: {
    readonly folder: string;
    readonly seed: string;
    readonly jwt: string;
    readonly document: string;
    /** Second copy of the document, for the case that it is damaged. */
    readonly copy: string;
  };
  readonly agent: string;
  readonly desired: string;
  readonly current: string;
  readonly rollback: string;
  readonly failedContent: string;
  /** Last reported state of each deployment, job, slot and condition. */
  readonly ledger: string;
  readonly journal: string;
  readonly journalHead: string;
  /** A desired state that waits for a person, and the digest of one that a person released. */
  readonly conflict: string;
  readonly released: string;
  readonly lock: string;
  /** Damaged files, moved here under `<name>.<time>`. */
  readonly quarantine: string;
  /** Content-addressed files, and data sets unpacked from them. */
  readonly artifacts: string;
  readonly datasets: string;
  readonly builds: string;
  readonly calibrations: string;
  readonly work: string;
  readonly lines: string;
}

export function dataFolder(root: string): DataFolder {
  const identity = join(root, 'identity');
  const agent = join(root, 'agent');
  return {
    root,
    identity: {
      folder: identity,
      seed: join(identity, 'node.nk'),
      jwt: join(identity, 'node.jwt'),
      document: join(identity, 'identity.json'),
      copy: join(identity, 'identity.copy.json'),
    },
    agent,
    desired: join(agent, 'desired.json'),
    current: join(agent, 'current.json'),
    rollback: join(agent, 'rollback.json'),
    failedContent: join(agent, 'failed-content.json'),
    ledger: join(agent, 'ledger.json'),
    journal: join(agent, 'journal'),
    journalHead: join(agent, 'journal-head.json'),
    conflict: join(agent, 'conflict.json'),
    released: join(agent, 'released.json'),
    lock: join(agent, 'agent.sock'),
    quarantine: join(agent, 'quarantine'),
    artifacts: join(root, 'artifacts', 'sha256'),
    datasets: join(root, 'datasets'),
    builds: join(root, 'builds'),
    calibrations: join(root, 'calibrations'),
    work: join(root, 'work'),
    lines: join(root, 'lines'),
  };
}

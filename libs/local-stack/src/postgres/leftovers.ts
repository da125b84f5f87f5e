import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { endProcesses, identityOf, isRunning } from '../../setup/file-lock.mjs';
import type { ServerUser } from './server-user.js';

/** How long a server may take to disconnect its clients and write its checkpoint, ms. */
const SHUTDOWN_MS = 10_000;

const noSuchFile = (): undefined => undefined;

/** Whether a command line is a PostgreSQL server of exactly this data folder. */
export const isServerOf = (words: readonly string[], dataDir: string): boolean => {
  const [program = '', ...args] = words;
  return basename(program) === 'postgres' && args.some((word, index) => word === '-D' && args[index + 1] === dataDir);
};

/** What runs under a process number: whose it is and what it was started as. Undefined where the system does not tell. */
const described = async (pid: number): Promise<{ readonly uid: number; readonly words: readonly string[] } | undefined> => {
  const folder = `/proc/${String(pid)}`;
  const facts = await stat(folder).catch(noSuchFile);
  const line = await readFile(join(folder, 'cmdline'), 'utf8').catch(noSuchFile);
  return facts === undefined || line === undefined ? undefined : { uid: facts.uid, words: line.split('\0') };
};

const endServer = async (dataDir: string, user: ServerUser | undefined): Promise<void> => {
  const lockFile = join(dataDir, 'postmaster.pid');
  const pid = Number((await readFile(lockFile, 'utf8').catch(noSuchFile))?.split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  // The identity comes first: a number that is given to another program from here on is no longer this process.
  const identity = identityOf(pid);
  if (!isRunning(identity)) return;
  const found = await described(pid);
  // What cannot be looked at may be a server of this folder: PostgreSQL then refuses to start, and says so.
  if (found === undefined) return;
  if (isServerOf(found.words, dataDir)) {
    if (found.uid === (user?.uid ?? process.getuid?.())) await endProcesses([identity], { graceMs: SHUTDOWN_MS, signal: 'SIGINT' });
    return;
  }
  // PostgreSQL would take any program of its user under that number for a server.
  await rm(lockFile, { force: true });
};

/** Data folders that a start was making when it was killed; those of starts that still run stay. */
const removeUnfinished = async (dataDir: string): Promise<void> => {
  const [parent, name] = [dirname(dataDir), basename(dataDir)];
  for (const each of await readdir(parent)) {
    const maker = new RegExp(`^${name}\\.(\\d+)\\.new$`, 'u').exec(each)?.[1];
    if (maker !== undefined && !isRunning(identityOf(Number(maker)))) await rm(join(parent, each), { recursive: true, force: true });
  }
};

/**
 * Ends a PostgreSQL server that an earlier run left behind on this data folder, and removes what would keep the next one from
 * starting. A process is ended only where its command line names exactly this folder and it runs as the user that takt
 * starts servers as; a lock file is removed only where its number belongs to another program.
 */
export const clearLeftovers = async (dataDir: string, user: ServerUser | undefined): Promise<void> => {
  await endServer(dataDir, user);
  await removeUnfinished(dataDir);
};

import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TaktError } from '@takt/kernel';
import { execa } from 'execa';

export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const USER = 'takt-postgres';
/** A directory service that does not answer holds these tools up, ms. */
const TOOL_MS = 30_000;

const lookUp = async (name: string): Promise<ServerUser | undefined> => {
  const id = (flag: string): Promise<{ readonly exitCode?: number; readonly stdout: string }> =>
    execa('id', [flag, name], { reject: false, timeout: TOOL_MS });
  const [uid, gid] = await Promise.all([id('-u'), id('-g')]);
  return uid.exitCode === 0 && gid.exitCode === 0 ? { name, uid: Number(uid.stdout), gid: Number(gid.stdout) } : undefined;
};

/**
 * PostgreSQL refuses to run as root: then it runs as a system user of its own, which is made once. Undefined where takt
 * is not root and the server simply runs as the same user.
 *
 * @throws TaktError `PostgresUserMissing`
 */
export const serverUser = async (): Promise<ServerUser | undefined> => {
  if (process.getuid?.() !== 0) return undefined;
  const present = await lookUp(USER);
  if (present !== undefined) return present;
  const made = await execa(
    'useradd',
    ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/bin/false', USER],
    {
      reject: false,
      all: true,
      timeout: TOOL_MS,
    },
  );
  const user = await lookUp(USER);
  if (user !== undefined) return user;
  throw new TaktError({
    code: 'PostgresUserMissing',
    message: `PostgreSQL does not run as root, and its user ${USER} could not be made: ${made.all ?? ''}`.trim(),
    action: 'start takt as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own',
    component: 'local-stack',
    element: USER,
  });
};

const OTHERS_ENTER = 0o001;

/** Whether a user that owns none of them may pass through `path` and all folders above it. */
export const isTraversable = async (path: string): Promise<boolean> => {
  for (let folder = path; ; folder = dirname(folder)) {
    const facts = await stat(folder).catch(() => undefined);
    if (facts !== undefined && (facts.mode & OTHERS_ENTER) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
};

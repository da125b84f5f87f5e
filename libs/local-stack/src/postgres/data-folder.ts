import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TaktError } from '@takt/kernel';
import { execa } from 'execa';
import type { PostgresBinaries } from './binaries.js';
import type { ServerUser } from './server-user.js';

export const SUPERUSER = 'takt';
/** How long making an empty database may take, ms. */
const INITDB_MS = 300_000;

const chownTree = async (path: string, user: ServerUser): Promise<void> => {
  await chown(path, user.uid, user.gid);
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  for (const entry of entries) await chown(join(entry.parentPath, entry.name), user.uid, user.gid);
};

const initdb = async (binaries: PostgresBinaries, user: ServerUser | undefined, dataDir: string, password: string): Promise<void> => {
  const passwordFile = `${dataDir}.password`;
  await mkdir(dataDir, { mode: 0o700 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user !== undefined) {
    await chown(dataDir, user.uid, user.gid);
    await chown(passwordFile, user.uid, user.gid);
  }
  try {
    const result = await execa(
      join(binaries.root, 'bin', 'initdb'),
      [
        `--pgdata=${dataDir}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--no-instructions',
      ],
      { reject: false, all: true, timeout: INITDB_MS, cwd: '/', ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }) },
    );
    if (result.failed) {
      throw new TaktError({
        code: 'PostgresInitFailed',
        message: `the database folder ${dataDir} could not be made: ${(result.all ?? '').trim().split('\n').at(-1) ?? result.shortMessage ?? ''}`,
        action: 'check room and permissions of that folder, then start again',
        component: 'local-stack',
        element: dataDir,
      });
    }
  } finally {
    await rm(passwordFile, { force: true });
  }
};

const initialized = (dataDir: string): boolean => existsSync(join(dataDir, 'PG_VERSION'));

/** Makes the data folder complete or not at all: a killed first start leaves only a folder that the next one throws away. */
const makeDataDir = async (dataDir: string, make: (temporary: string) => Promise<void>): Promise<void> => {
  if (initialized(dataDir)) return;
  const temporary = `${dataDir}.${String(process.pid)}.new`;
  await rm(temporary, { recursive: true, force: true });
  try {
    await make(temporary);
    await rename(temporary, dataDir);
  } catch (thrown) {
    await rm(temporary, { recursive: true, force: true });
    if (!initialized(dataDir)) throw thrown;
  }
};

export interface DataFolder {
  readonly dataDir: string;
  readonly password: string;
}

/**
 * `<dir>/password` and `<dir>/data`, made on the first start and kept. With `useTemplate` the data folder is a copy of
 * one in the system's temporary folder, which is made once per version and shared by tests: its password is not secret.
 */
export const prepareDataFolder = async (
  binaries: PostgresBinaries,
  user: ServerUser | undefined,
  dir: string,
  useTemplate: boolean,
): Promise<DataFolder> => {
  await mkdir(dir, { recursive: true });
  if (user !== undefined) await chmod(dir, 0o755);
  const dataDir = join(dir, 'data');
  const passwordFile = join(dir, 'password');
  let password = await readFile(passwordFile, 'utf8').catch(() => undefined);
  if (password === undefined) {
    password = useTemplate ? 'takt-test' : randomBytes(24).toString('base64url');
    await writeFile(`${passwordFile}.tmp`, password, { mode: 0o600 });
    await rename(`${passwordFile}.tmp`, passwordFile);
  }
  const ownPassword = password;
  await makeDataDir(dataDir, async (temporary) => {
    if (!useTemplate) {
      await initdb(binaries, user, temporary, ownPassword);
      return;
    }
    const template = await ensureTemplate(binaries, user);
    await cp(template, temporary, { recursive: true, verbatimSymlinks: true });
    await chmod(temporary, 0o700);
    if (user !== undefined) await chownTree(temporary, user);
  });
  return { dataDir, password };
};

const ensureTemplate = async (binaries: PostgresBinaries, user: ServerUser | undefined): Promise<string> => {
  const key = createHash('sha256').update(binaries.version).digest('hex').slice(0, 12);
  const template = join(tmpdir(), `takt-postgres-template-${key}-${user?.name ?? String(process.getuid?.())}`);
  await makeDataDir(template, (temporary) => initdb(binaries, user, temporary, 'takt-test'));
  return template;
};

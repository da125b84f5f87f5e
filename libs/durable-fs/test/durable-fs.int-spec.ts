import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TEMPORARY_SUFFIX, createDurableFs, examineFile, removeStaleSocket, setAside, sweepTemporaryFiles } from '../src/index.js';
import type { FileOperation } from '../src/index.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'takt-durable-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

/** Operations of one call, by kind. */
async function recorded(call: (fs: ReturnType<typeof createDurableFs>) => Promise<void>): Promise<FileOperation[]> {
  const log: FileOperation[] = [];
  await call(createDurableFs({ before: (operation) => log.push(operation) }));
  return log;
}

describe('write', () => {
  it('makes parent folders and syncs the file before its name and the folder after it', async () => {
    const path = join(root, 'a', 'b', 'doc.json');
    const log = await recorded((fs) => fs.write(path, 'one'));
    expect(await readFile(path, 'utf8')).toBe('one');
    const kinds = log.map((operation) => operation.kind);
    expect(kinds).toEqual(['mkdir', 'fsync-folder', 'fsync-folder', 'create', 'write', 'fsync', 'rename', 'fsync-folder']);
    expect(log.at(-1)?.path).toBe(dirname(path));
  });

  it('keeps the mode it was given, 0600 by default', async () => {
    const fs = createDurableFs();
    await fs.write(join(root, 'secret'), 'x');
    await fs.write(join(root, 'open'), 'x', 0o644);
    expect((await stat(join(root, 'secret'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(root, 'open'))).mode & 0o777).toBe(0o644);
  });

  it('holds the old or the new content whole after a stop at any operation', async () => {
    const path = join(root, 'doc.json');
    await createDurableFs().write(path, 'old');
    const total = (await recorded((fs) => fs.write(path, 'old'))).length;
    const seen = new Set<string>();
    for (let stopAt = 0; stopAt < total; stopAt += 1) {
      await createDurableFs().write(path, 'old');
      let count = 0;
      const fs = createDurableFs({
        before: () => {
          count += 1;
          if (count > stopAt) throw new Error('power cut');
        },
      });
      await expect(fs.write(path, 'new')).rejects.toThrow('power cut');
      const content = await readFile(path, 'utf8');
      expect(['old', 'new']).toContain(content);
      expect(await fs.list(root)).toEqual(['doc.json']);
      seen.add(content);
    }
    expect([...seen].sort()).toEqual(['new', 'old']);
  });
});

describe('read, list, remove, publish', () => {
  it('reads nothing where there is nothing', async () => {
    const fs = createDurableFs();
    expect(await fs.read(join(root, 'none'))).toBeUndefined();
    expect(await fs.list(join(root, 'none'))).toEqual([]);
    await fs.remove(join(root, 'none'));
    await fs.remove(join(root, 'none', 'deeper'));
    await fs.write(join(root, 'file'), '');
    await fs.remove(join(root, 'file', 'deeper'));
    expect(await fs.list(join(root, 'file', 'deeper'))).toEqual([]);
  });

  it('moves a finished folder into place and syncs both parents', async () => {
    const fs = createDurableFs();
    await fs.write(join(root, 'from', 'set', 'file'), 'x');
    const log = await recorded((recording) => recording.publish(join(root, 'from', 'set'), join(root, 'to', 'set')));
    expect(await readFile(join(root, 'to', 'set', 'file'), 'utf8')).toBe('x');
    expect(log.filter((operation) => operation.kind === 'fsync-folder').map((operation) => operation.path)).toEqual([
      root,
      join(root, 'to'),
      join(root, 'from'),
    ]);
  });

  it('lists sorted names without files in the making, and the sweep removes those', async () => {
    const fs = createDurableFs();
    await fs.write(join(root, 'b'), '');
    await fs.write(join(root, 'a'), '');
    await writeFile(join(root, `.a.1${TEMPORARY_SUFFIX}`), 'half');
    expect(await fs.list(root)).toEqual(['a', 'b']);
    expect(await sweepTemporaryFiles(root)).toBe(1);
    expect(await readdir(root)).toEqual(['a', 'b']);
    expect(await sweepTemporaryFiles(join(root, 'none'))).toBe(0);
  });
});

describe('examineFile', () => {
  it('calls damaged what is no regular file and what is larger than any document, and reads neither', async () => {
    const fs = createDurableFs();
    execFileSync('mkfifo', [join(root, 'fifo')]);
    await symlink('/dev/zero', join(root, 'device'));
    await mkdir(join(root, 'folder'));
    await writeFile(join(root, 'large'), '');
    await truncate(join(root, 'large'), 2 ** 40);
    const detailOf = async (name: string): Promise<unknown> => examineFile(fs, join(root, name));
    expect(await detailOf('fifo')).toEqual({ kind: 'damaged', detail: 'a FIFO is in its place' });
    expect(await detailOf('device')).toEqual({ kind: 'damaged', detail: 'a device is in its place' });
    expect(await detailOf('folder')).toEqual({ kind: 'damaged', detail: 'a folder is in its place' });
    expect(await detailOf('large')).toMatchObject({ kind: 'damaged' });
    expect(await detailOf('none')).toEqual({ kind: 'missing' });
  });
});

describe('the place of a socket', () => {
  it.each([
    ['a folder', async (path: string) => writeFile(join((await mkdir(path, { recursive: true })) ?? path, 'inside'), 'kept')],
    ['a regular file', (path: string) => writeFile(path, 'kept')],
    ['a symbolic link', (path: string) => symlink(root, path)],
    ['a FIFO', (path: string) => Promise.resolve(void execFileSync('mkfifo', [path]))],
  ])('with %s in it is refused and left as it is', async (what, put) => {
    const path = join(root, 'control.sock');
    await put(path);
    const before = await lstat(path);
    await expect(removeStaleSocket(path)).rejects.toMatchObject({
      code: 'SocketPathTaken',
      element: path,
      message: expect.stringContaining(what) as string,
    });
    const after = await lstat(path);
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  it('with the socket of a killed process in it is made free', async () => {
    const path = join(root, 'control.sock');
    await removeStaleSocket(path);
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    expect(() => execFileSync(process.execPath, ['-e', script])).toThrow();
    expect((await lstat(path)).isSocket()).toBe(true);
    await removeStaleSocket(path);
    expect(await readdir(root)).toEqual([]);
  });
});

describe('the quarantine', () => {
  const fs = createDurableFs();
  const MIB = 1024 * 1024;
  const move = async (name: string, at: number, megabytes = 0): Promise<string> => {
    const path = join(root, name);
    await fs.write(path, 'damaged');
    await truncate(path, megabytes * MIB);
    return setAside(fs, path, join(root, 'quarantine'), name, at);
  };
  const kept = (): Promise<string[]> => readdir(join(root, 'quarantine'));

  it('is private, whatever modes the files had', async () => {
    const open = join(root, 'node.nk');
    await fs.write(open, 'a key', 0o644);
    await mkdir(join(root, 'folder'));
    await chmod(join(root, 'folder'), 0o755);
    const quarantine = join(root, 'quarantine');
    const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
    expect(await modeOf(await setAside(fs, open, quarantine, 'node.nk', 0))).toBe(0o600);
    expect(await modeOf(await setAside(fs, join(root, 'folder'), quarantine, 'folder', 0))).toBe(0o700);
    expect(await modeOf(quarantine)).toBe(0o700);
  });

  it('keeps the newest 20 files, and nothing that has no time in its name is removed', async () => {
    await fs.write(join(root, 'quarantine', 'a-note'), '');
    for (let at = 0; at < 25; at += 1) await move('doc.json', at);
    const names = (await kept()).filter((name) => name !== 'a-note');
    expect(names).toHaveLength(20);
    expect(names[0]).toContain('000000005Z');
    expect(await kept()).toContain('a-note');
  });

  it('keeps the newest 256 MiB, files below folders counted, and the newest file always', async () => {
    // Sparse files: they take no room on the disk of the test.
    await move('first', 0, 100);
    await mkdir(join(root, 'build'));
    await writeFile(join(root, 'build', 'artifact'), '');
    await truncate(join(root, 'build', 'artifact'), 100 * MIB);
    await setAside(fs, join(root, 'build'), join(root, 'quarantine'), 'build', 1);
    await move('third', 2, 50);
    expect((await kept()).map((name) => name.split('.')[0])).toEqual(['build', 'first', 'third']);
    await move('fourth', 3, 20);
    expect((await kept()).map((name) => name.split('.')[0])).toEqual(['build', 'fourth', 'third']);
    await move('huge', 4, 300);
    expect((await kept()).map((name) => name.split('.')[0])).toEqual(['huge']);
  });

  it('has the file where its oldest cannot be removed', async () => {
    for (let at = 0; at < 20; at += 1) await move('doc.json', at);
    const stuck = createDurableFs({
      before: ({ kind }) => {
        if (kind === 'remove') throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
      },
    });
    await fs.write(join(root, 'last'), 'damaged');
    const moved = await setAside(stuck, join(root, 'last'), join(root, 'quarantine'), 'last', 99);
    expect(await readFile(moved, 'utf8')).toBe('damaged');
    await move('doc.json', 100);
    expect(await kept()).toHaveLength(20);
  });
});

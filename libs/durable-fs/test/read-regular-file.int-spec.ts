import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, readdir, readlink, realpath, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRegularFile } from '../src/index.js';

const LIMIT = 1000;
let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'takt-read-')));
  await writeFile(at('plain'), 'content');
  await writeFile(at('full'), 'x'.repeat(LIMIT));
  await writeFile(at('over'), 'x'.repeat(LIMIT + 1));
  await writeFile(at('sparse'), '');
  await truncate(at('sparse'), 2 ** 40);
  await mkdir(at('folder'));
  execFileSync('mkfifo', [at('fifo')]);
  await symlink('plain', at('link'));
  await symlink('fifo', at('link-to-fifo'));
  await symlink('/dev/zero', at('link-to-device'));
  await symlink('loop', at('loop'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('readRegularFile', () => {
  it('reads a regular file up to its limit, through links too', async () => {
    expect(new TextDecoder().decode(await readRegularFile(at('plain'), LIMIT))).toBe('content');
    expect(new TextDecoder().decode(await readRegularFile(at('link'), LIMIT))).toBe('content');
    expect(await readRegularFile(at('full'), LIMIT)).toHaveLength(LIMIT);
    // A file of /proc has size 0 and content.
    expect((await readRegularFile('/proc/self/status', 100_000)).length).toBeGreaterThan(100);
  });

  it.each([
    ['fifo', 'a FIFO'],
    ['link-to-fifo', 'a FIFO'],
    ['link-to-device', 'a device'],
    ['/dev/zero', 'a device'],
    ['/dev/random', 'a device'],
    ['folder', 'a folder'],
  ])('refuses %s as %s', async (name, kind) => {
    const path = name.startsWith('/') ? name : at(name);
    await expect(readRegularFile(path, LIMIT)).rejects.toMatchObject({
      code: 'FileNotRegular',
      element: path,
      message: `${path} is ${kind}, not a regular file`,
    });
  });

  it('refuses what is larger than the limit before it is read, and a file whose size says nothing while it is read', async () => {
    for (const name of ['over', 'sparse']) await expect(readRegularFile(at(name), LIMIT)).rejects.toMatchObject({ code: 'FileTooLarge' });
    await expect(readRegularFile('/proc/self/status', 20)).rejects.toMatchObject({ code: 'FileTooLarge' });
  });

  it('passes on what the file system says', async () => {
    await expect(readRegularFile(at('loop'), LIMIT)).rejects.toMatchObject({ code: 'ELOOP' });
    await expect(readRegularFile(at('missing'), LIMIT)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('leaves no file open', async () => {
    for (const name of ['plain', 'over', 'fifo', 'folder', 'link']) await readRegularFile(at(name), LIMIT).catch(() => undefined);
    expect(await openFiles()).toEqual([]);
    // Seen by the same means: a file that is open is found.
    const handle = await open(at('plain'), 'r');
    expect(await openFiles()).toEqual([at('plain')]);
    await handle.close();
  });
});

/** Files below the folder of this test that this process has open. */
async function openFiles(): Promise<string[]> {
  const numbers = await readdir('/proc/self/fd');
  const targets = await Promise.all(numbers.map((number) => readlink(join('/proc/self/fd', number)).catch(() => '')));
  return targets.filter((target) => target.startsWith(`${folder}/`));
}

import type * as fsPromises from 'node:fs/promises';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { ServerArtifactStore } from '../src/index.js';

/** A full disk: a file can be made, and holds nothing. */
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof fsPromises>();
  const writeFile = async (path: string): Promise<never> => {
    await fs.writeFile(path, '');
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  };
  return { ...fs, writeFile };
});

it('a look at a store on a full disk fails and leaves no file', async () => {
  const root = await mkdtemp(join(tmpdir(), 'takt-full-'));
  try {
    const store = new ServerArtifactStore({ root, maxBytes: 1 });
    await store.open();
    await expect(store.probe()).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(await readdir(join(root, 'incoming'))).toEqual([]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../src/index.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'takt-chromium-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const program = async (name: string, words: string): Promise<string> => {
  const path = join(dir, name);
  await writeFile(path, `#!/bin/sh\necho "${words}"\n`);
  await chmod(path, 0o755);
  return path;
};

describe('findChromium', () => {
  it('takes the first that runs and says what it is', async () => {
    // A wrapper that only tells to install something else, as some distributions have.
    await program('chromium', 'Command requires the chromium snap to be installed');
    const path = await program('chromium-browser', 'Chromium 156.0.8078.79 built on Debian');
    const found = await findChromium(dir);
    expect(found?.version).toMatch(/^\d+\.\d+/);
    if (found?.path.startsWith(dir) === true) expect(found).toEqual({ path, version: '156.0.8078.79' });
  });
});

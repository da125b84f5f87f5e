import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATA_MARK, choosePort, requireDataFolder } from '../setup/start-options.mjs';

const refusal = (message: string): Error => expect.objectContaining({ message: expect.stringContaining(message) as string }) as Error;

describe('data folder and port of npm start', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'takt-start-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  it('makes a folder whose parent exists, and all of the default one, and leaves its mark there', () => {
    requireDataFolder(join(dir, 'data'), '/repo');
    requireDataFolder(join(dir, '.takt', 'data'), dir);
    expect(readdirSync(dir).sort()).toEqual(['.takt', 'data']);
    expect(readdirSync(join(dir, 'data'))).toEqual([DATA_MARK]);
    requireDataFolder(join(dir, 'data'), '/repo');
  });

  it('refuses folders that hold something else, which --fresh would remove', () => {
    writeFileSync(join(dir, 'thesis.tex'), 'years of work');
    expect(() => requireDataFolder(dir, '/repo')).toThrow(refusal('holds other files than those of takt'));
    expect(() => requireDataFolder(dir, join(dir, 'checkout'))).toThrow(refusal('holds this checkout'));
    expect(() => requireDataFolder('/', join(dir, 'checkout'))).toThrow(refusal('holds this checkout'));
    expect(readdirSync(dir)).toEqual(['thesis.tex']);
    writeFileSync(join(dir, 'demo.json'), '{}');
    requireDataFolder(dir, '/repo');
  });

  it.each([
    ['a file', 'file', 'is a file'],
    ['a folder below a file', 'file/data', 'a part of the path is a file'],
    ['a folder without parent', 'none/data', 'none, the parent of the data folder, does not exist'],
    ['a name that no file system takes', 'x'.repeat(300), 'its name is too long'],
  ])('refuses %s in one sentence with a next step', (_title, name, message) => {
    writeFileSync(join(dir, 'file'), '');
    expect(() => requireDataFolder(join(dir, name), '/repo')).toThrow(refusal(message));
    expect(() => requireDataFolder(join(dir, name), '/repo')).toThrow(
      expect.objectContaining({ action: expect.stringContaining('npm start -- --data DIR') as string }) as Error,
    );
  });

  it('refuses a folder in a place where none can be made', () => {
    expect(() => requireDataFolder('/proc/takt', '/repo')).toThrow(refusal('/proc/takt cannot be used: folders cannot be made there'));
  });

  it('keeps to a port that was asked for, and moves from one that was not', async () => {
    const other = createServer();
    await new Promise<void>((done) => {
      other.listen(0, '127.0.0.1', done);
    });
    const { port } = other.address() as AddressInfo;
    try {
      await expect(choosePort(port, undefined)).rejects.toThrow(`port ${String(port)} is in use by another program`);
      expect(await choosePort(undefined, port)).not.toBe(port);
      expect(await choosePort(0, undefined)).toBeGreaterThan(0);
    } finally {
      other.close();
    }
  });
});

import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDurableFs } from '@takt/durable-fs';
import { silentLogger } from '@takt/kernel';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EMPTY_RECORD } from '../src/activation/record.js';
import { createLineStore } from '../src/activation/store.js';
import type { LineStore } from '../src/activation/store.js';
import { linePaths } from '../src/line-paths.js';
import type { LinePaths } from '../src/line-paths.js';

const fs = createDurableFs();
let root: string;
let paths: LinePaths;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'takt-line-store-'));
  paths = linePaths(root, 'line-1');
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});
const open = (): LineStore => createLineStore(fs, paths, silentLogger, { now: () => 0 });

it.each([
  ['empty', (path: string) => writeFile(path, '')],
  ['cut in half', (path: string) => writeFile(path, '{"schemaVersion":1,')],
  ['zeros', (path: string) => writeFile(path, Buffer.alloc(64))],
  ['random bytes', (path: string) => writeFile(path, Buffer.from([0xff, 0x80, 0x00]))],
  ['JSON of the wrong shape', (path: string) => writeFile(path, '[]')],
  ['a folder in its place', (path: string) => mkdir(path)],
])('documents of a line that are %s are moved aside, and the line can be written again', async (_how, damage) => {
  await open().writeRecord(EMPTY_RECORD);
  for (const path of [paths.activation, paths.activationCopy, paths.line]) {
    await rm(path, { force: true });
    await damage(path);
  }
  const store = open();
  expect(await store.readRecord()).toEqual(EMPTY_RECORD);
  expect(await store.readLine()).toBeUndefined();
  expect(await readdir(paths.quarantine)).toHaveLength(3);
  await store.writeRecord(EMPTY_RECORD);
  expect(await open().readRecord()).toEqual(EMPTY_RECORD);
});

import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import fsPromises, { mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { asId } from '@takt/kernel';
import type { Digest } from '@takt/kernel';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerArtifactStore, requireArchiveHead, summarizeArchive } from '../src/index.js';

let root: string;
let store: ServerArtifactStore;
const digestOf = (content: Uint8Array): Digest => asId(`sha256:${createHash('sha256').update(content).digest('hex')}`);
const left = async (): Promise<string[]> => [...(await readdir(join(root, 'incoming'))), ...(await readdir(join(root, 'sha256')))];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'takt-artifacts-'));
  store = new ServerArtifactStore({ root, maxBytes: 100_000 });
  await store.open();
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('server artifact store', () => {
  it('stores a stream under its digest, once', async () => {
    const content = randomBytes(70_000);
    for (let i = 0; i < 2; i += 1) {
      expect(await store.put(Readable.from([content.subarray(0, 30_000), content.subarray(30_000)]))).toEqual({
        digest: digestOf(content),
        sizeBytes: 70_000,
      });
    }
    expect(await left()).toEqual([digestOf(content).slice(7)]);
    expect(await readFile(store.path(digestOf(content)))).toEqual(content);
    expect(await store.size(digestOf(content))).toBe(70_000);
  });

  it.each([
    ['another digest', { expected: digestOf(randomBytes(3)) }, 'ArtifactDigestMismatch'],
    ['a lower limit', { maxBytes: 99 }, 'ArtifactTooLarge'],
    ['an announced size over the limit', { announcedBytes: 100_001 }, 'ArtifactTooLarge'],
  ])('refuses %s and leaves nothing', async (_, options, code) => {
    await expect(store.put(Readable.from([randomBytes(100)]), options)).rejects.toMatchObject({ code });
    expect(await left()).toEqual([]);
  });

  it('refuses more bytes than the limit as they come, and a cut-off upload', async () => {
    await expect(store.put(Readable.from([randomBytes(60_000), randomBytes(60_000)]))).rejects.toMatchObject({ code: 'ArtifactTooLarge' });
    const cut = (async function* () {
      yield randomBytes(10);
      await Promise.reject(new Error('socket hang up'));
    })();
    await expect(store.put(cut)).rejects.toMatchObject({ code: 'UploadInterrupted', retryable: true });
    expect(await left()).toEqual([]);
  });

  it('refuses an upload that would not leave the reserve', async () => {
    const full = new ServerArtifactStore({ root, maxBytes: 100_000, reserveBytes: Number.MAX_SAFE_INTEGER });
    await expect(full.put(Readable.from([randomBytes(1)]))).rejects.toMatchObject({ code: 'StorageFull', retryable: true });
  });

  it('removes what a kill left a while ago when it opens, and nothing that may still be arriving', async () => {
    await writeFile(join(root, 'incoming', 'half'), 'x');
    await writeFile(join(root, 'incoming', 'arriving'), 'x');
    await utimes(join(root, 'incoming', 'half'), new Date(), new Date(Date.now() - 3_600_000));
    await store.open();
    expect(await left()).toEqual(['arriving']);
  });

  it('has the first block looked at once, however the bytes come, and keeps nothing that is refused', async () => {
    const content = randomBytes(5_000);
    const heads: Buffer[] = [];
    const bytes = Array.from(content, (_, at) => content.subarray(at, at + 1));
    await store.put(Readable.from(bytes), { checkHead: (head) => heads.push(Buffer.from(head)) });
    await store.put(Readable.from([content.subarray(0, 100)]), { checkHead: (head) => heads.push(Buffer.from(head)) });
    expect(heads).toEqual([content.subarray(0, 512), content.subarray(0, 100)]);
    let taken = 0;
    const endless = (function* () {
      for (;;) yield ((taken += 1), Buffer.alloc(1_000));
    })();
    const refuse = { checkHead: () => void expect.unreachable('refused') };
    await expect(store.put(Readable.from(endless), { checkHead: requireArchiveHead })).rejects.toMatchObject({
      code: 'DatasetNotAnArchive',
    });
    expect(taken).toBeLessThan(40);
    await expect(store.put(Readable.from([randomBytes(600)]), refuse)).rejects.toThrow('refused');
    expect(await left()).toHaveLength(2);
  });

  it('leaves nothing where the registration of a file fails', async () => {
    await expect(store.put(Readable.from([randomBytes(9)]), {}, () => Promise.reject(new Error('no row')))).rejects.toThrow('no row');
    expect(await left()).toEqual([]);
  });
});

it('a look at a store on a full disk fails and leaves no file', async () => {
  const { writeFile: whole } = fsPromises;
  // A file can be made there, and holds nothing.
  fsPromises.writeFile = async (path) => {
    await whole(path, '');
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  };
  syncBuiltinESMExports();
  try {
    await expect(store.probe()).rejects.toMatchObject({ code: 'ENOSPC' });
  } finally {
    fsPromises.writeFile = whole;
    syncBuiltinESMExports();
  }
  expect(await left()).toEqual([]);
});

describe('summarizeArchive', () => {
  const LIMITS = { maxBytes: 1_000_000, maxEntries: 10 };
  const NOT_AN_ARCHIVE = { code: 'DatasetNotAnArchive' };
  const pack = async (files: Record<string, string>): Promise<Readable> => {
    const from = await mkdtemp(join(root, 'set-'));
    for (const [name, content] of Object.entries(files)) await writeFile(join(from, name), content);
    await create({ cwd: from, file: join(root, 'set.tar'), portable: true }, Object.keys(files));
    return Readable.from(await readFile(join(root, 'set.tar')));
  };

  const FOUND = { images: 2, labels: 0, hasDataYaml: true, misplacedDataYaml: null };
  /** Content that has no end, and how much of it was read. */
  const endless = (head: Buffer, then: Buffer): { content: Readable; read: () => number } => {
    let read = 0;
    const chunks = (async function* () {
      yield head;
      for (;;) {
        await new Promise(setImmediate);
        yield ((read += then.length), then);
      }
    })();
    return { content: Readable.from(chunks), read: () => read };
  };

  it('counts images and finds the data.yaml', async () => {
    expect(await summarizeArchive(await pack({ 'a.jpg': '1', 'b.PNG': '2', 'data.yaml': 'names: [a]' }), LIMITS)).toEqual(FOUND);
    const packed = gzipSync(await readFile(join(root, 'set.tar')));
    const bytes = Array.from(packed, (_, at) => packed.subarray(at, at + 1));
    expect(await summarizeArchive(Readable.from(bytes), LIMITS)).toEqual(FOUND);
  });

  it('refuses what is no archive, and a truncated one', async () => {
    await expect(summarizeArchive(Readable.from([randomBytes(2000)]), LIMITS)).rejects.toMatchObject(NOT_AN_ARCHIVE);
    await pack({ 'a.jpg': 'x'.repeat(5000) });
    const whole = await readFile(join(root, 'set.tar'));
    requireArchiveHead(whole.subarray(0, 512));
    requireArchiveHead(gzipSync(whole).subarray(0, 512));
    for (const head of [Buffer.alloc(512), whole.subarray(0, 511), randomBytes(512)])
      expect(() => {
        requireArchiveHead(head);
      }).toThrow('no whole tar');
    const packed = gzipSync(whole);
    const damaged = Buffer.concat([packed.subarray(0, 20), randomBytes(200)]);
    for (const content of [whole.subarray(0, 2048), packed.subarray(0, packed.length - 20), damaged, gzipSync(packed), Buffer.alloc(0)])
      await expect(summarizeArchive(Readable.from([content]), LIMITS)).rejects.toMatchObject(NOT_AN_ARCHIVE);
  });

  it('says what reading failed with, not that the archive is bad', async () => {
    await pack({ 'a.jpg': 'x'.repeat(5000) });
    const whole = await readFile(join(root, 'set.tar'));
    const failing = (after: Buffer[]): Readable =>
      Readable.from(
        (async function* () {
          yield* after;
          await Promise.reject(Object.assign(new Error('input/output error'), { code: 'EIO', errno: -5, syscall: 'read' }));
        })(),
      );
    for (const after of [[], [whole.subarray(0, 2048)], [gzipSync(whole).subarray(0, 40)]])
      await expect(summarizeArchive(failing(after), LIMITS)).rejects.toMatchObject({ code: 'EIO' });
    await expect(summarizeArchive(createReadStream(root), LIMITS)).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(summarizeArchive(createReadStream(join(root, 'none')), LIMITS)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses what unpacks to more than its limits, before it has unpacked it', async () => {
    const files = Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`${String(at)}.jpg`, 'x']));
    await expect(summarizeArchive(await pack(files), LIMITS)).rejects.toMatchObject({ code: 'DatasetTooLarge' });
    await pack({ 'a.jpg': 'x' });
    const whole = await readFile(join(root, 'set.tar'));
    // What follows the end of a tar counts as well.
    const packed = gzipSync(Buffer.concat([whole, Buffer.alloc(8 * LIMITS.maxBytes)]));
    expect(packed.length).toBeLessThan(20_000);
    await expect(summarizeArchive(Readable.from([packed]), LIMITS)).rejects.toMatchObject({ code: 'DatasetTooLarge' });
    const plain = endless(whole, Buffer.alloc(10_000));
    await expect(summarizeArchive(plain.content, LIMITS)).rejects.toMatchObject({ code: 'DatasetTooLarge' });
    expect(plain.read()).toBeLessThan(2 * LIMITS.maxBytes);
    expect(plain.content.destroyed).toBe(true);
  });

  it('ends, and lets go of the content, when its caller wants it no more', async () => {
    await pack({ 'a.jpg': 'x' });
    const gone = new AbortController();
    const { content, read } = endless(await readFile(join(root, 'set.tar')), Buffer.alloc(10_000));
    const looked = summarizeArchive(content, { maxBytes: Infinity, maxEntries: 10, signal: gone.signal });
    while (read() === 0) await new Promise(setImmediate);
    gone.abort(new Error('gone'));
    await expect(looked).rejects.toThrow('gone');
    expect(content.destroyed).toBe(true);
  });
});

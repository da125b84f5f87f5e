import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
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

describe('summarizeArchive', () => {
  const pack = async (files: Record<string, string>): Promise<Readable> => {
    const from = await mkdtemp(join(root, 'set-'));
    for (const [name, content] of Object.entries(files)) await writeFile(join(from, name), content);
    await create({ cwd: from, file: join(root, 'set.tar'), portable: true }, Object.keys(files));
    return Readable.from(await readFile(join(root, 'set.tar')));
  };

  it('counts images and finds the data.yaml', async () => {
    expect(await summarizeArchive(await pack({ 'a.jpg': '1', 'b.PNG': '2', 'data.yaml': 'names: [a]' }))).toEqual({
      images: 2,
      labels: 0,
      hasDataYaml: true,
      misplacedDataYaml: null,
    });
  });

  it('refuses what is no archive, and a truncated one', async () => {
    await expect(summarizeArchive(Readable.from([randomBytes(2000)]))).rejects.toMatchObject({ code: 'DatasetNotAnArchive' });
    await pack({ 'a.jpg': 'x'.repeat(5000) });
    const whole = await readFile(join(root, 'set.tar'));
    requireArchiveHead(whole.subarray(0, 512));
    requireArchiveHead(gzipSync(whole).subarray(0, 512));
    for (const head of [Buffer.alloc(512), whole.subarray(0, 511), randomBytes(512)])
      expect(() => {
        requireArchiveHead(head);
      }).toThrow('no whole tar');
    await expect(summarizeArchive(Readable.from([whole.subarray(0, 2048)]))).rejects.toMatchObject({ code: 'DatasetNotAnArchive' });
  });
});

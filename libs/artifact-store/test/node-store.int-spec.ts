import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeStore, packFolderTo, upload } from '../src/index.js';
import type { NodeStore } from '../src/index.js';
import type { ArtifactRef } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { Digest, DurableFs } from '@takt/kernel';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plainFs } from './plain-fs.js';

let root: string;
let fs: DurableFs;
let store: NodeStore;
let server: Server;
let base: string;
let handle: (request: IncomingMessage, response: ServerResponse) => void;
const ranges: (string | undefined)[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'takt-store-'));
  fs = plainFs();
  store = createNodeStore(join(root, 'data'), fs);
  ranges.length = 0;
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(root, { recursive: true, force: true });
});

const refOf = (content: Uint8Array, fileName = 'model.onnx'): ArtifactRef => ({
  digest: `sha256:${createHash('sha256').update(content).digest('hex')}` as Digest,
  sizeBytes: content.byteLength,
  fileName,
});
const url = (): Promise<string> => Promise.resolve(base);

/** Serves `content` with ranges; closes the connection after `cutAfter` bytes of each answer. */
const serve = (content: Uint8Array, options: { cutAfter?: number; ignoreRange?: boolean } = {}): void => {
  handle = (request, response) => {
    const from = options.ignoreRange === true ? 0 : Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const body = content.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': body.byteLength,
      ...(from > 0 ? { 'content-range': `bytes ${String(from)}-${String(content.byteLength - 1)}/${String(content.byteLength)}` } : {}),
    });
    if (options.cutAfter === undefined || body.byteLength <= options.cutAfter) response.end(body);
    else response.write(body.subarray(0, options.cutAfter), () => response.destroy());
  };
};
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (thrown: unknown) => (thrown instanceof TaktError ? thrown.code : String(thrown)),
  );

describe('fetch', () => {
  it('downloads once, and only the checked file gets the name', async () => {
    const content = randomBytes(300_000);
    serve(content);
    const ref = refOf(content);
    const path = await store.fetch(ref, { url });
    expect(path).toBe(join(root, 'data', 'artifacts', 'sha256', ref.digest.slice(7)));
    expect(await readFile(path)).toEqual(content);
    await store.fetch(ref, { url });
    expect(ranges).toEqual([undefined]);
  });

  it('goes on from where each of many cuts left it, and never fetches a byte twice', async () => {
    const content = randomBytes(1_000_000);
    const ref = refOf(content);
    serve(content, { cutAfter: 300_000 });
    let attempts = 0;
    let code = '';
    do {
      code = await codeOf(store.fetch(ref, { url }));
      attempts += 1;
    } while (code === 'DownloadInterrupted' && attempts < 20);
    expect(code).toBe('none');
    expect(await readFile(store.artifactPath(ref.digest))).toEqual(content);
    expect(ranges[0]).toBeUndefined();
    const starts = ranges.slice(1).map((range) => Number(/bytes=(\d+)-/.exec(range ?? '')?.[1]));
    expect([...starts].sort((a, b) => a - b)).toEqual(starts);
    expect(attempts).toBeLessThanOrEqual(8);
  });

  it('starts over where the server ignores ranges', async () => {
    const content = randomBytes(200_000);
    const ref = refOf(content);
    serve(content, { cutAfter: 100_000 });
    expect(await codeOf(store.fetch(ref, { url }))).toBe('DownloadInterrupted');
    serve(content, { ignoreRange: true });
    await store.fetch(ref, { url });
    expect(await readFile(store.artifactPath(ref.digest))).toEqual(content);
  });

  it('deletes content with the wrong digest and leaves no name', async () => {
    const content = randomBytes(1000);
    serve(randomBytes(1000));
    expect(await codeOf(store.fetch(refOf(content), { url }))).toBe('ArtifactDigestMismatch');
    expect(await readdir(join(root, 'data', 'artifacts', 'sha256'))).toEqual([]);
  });

  it('deletes content that is longer than announced', async () => {
    const content = randomBytes(1000);
    serve(Buffer.concat([content, randomBytes(5)]));
    expect(await codeOf(store.fetch(refOf(content), { url }))).toBe('ArtifactDigestMismatch');
    expect(await readdir(join(root, 'data', 'artifacts', 'sha256'))).toEqual([]);
  });

  it('finishes a part that was whole when the process died', async () => {
    const content = randomBytes(1000);
    const ref = refOf(content);
    await mkdir(join(root, 'data', 'artifacts', 'sha256'), { recursive: true });
    await writeFile(`${store.artifactPath(ref.digest)}.part`, content);
    handle = () => expect.unreachable('nothing is left to fetch');
    await store.fetch(ref, { url });
    expect(ranges).toEqual([]);
  });

  it('says how much room is missing before it fetches anything', async () => {
    const content = randomBytes(1000);
    const work = store.fetch(refOf(content), { url, freeBytes: () => Promise.resolve(2 * 1_048_576) });
    await expect(work).rejects.toMatchObject({
      code: 'NoSpaceLeft',
      retryable: true,
      message: expect.stringContaining('2.0 MiB are free') as string,
    });
    expect(ranges).toEqual([]);
  });

  it.each([
    [404, false],
    [403, true],
    [500, true],
  ])('tells a refusal %i apart from a cut', async (status, retryable) => {
    handle = (_request, response) => response.writeHead(status).end('{"title":"no"}');
    await expect(store.fetch(refOf(randomBytes(10)), { url })).rejects.toMatchObject({ code: 'DownloadRefused', retryable });
  });

  it('gives up a silent connection and keeps the part', async () => {
    const content = randomBytes(1000);
    handle = (_request, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write(content.subarray(0, 400));
    };
    expect(await codeOf(store.fetch(refOf(content), { url, idleTimeoutMs: 200 }))).toBe('DownloadInterrupted');
    expect((await stat(`${store.artifactPath(refOf(content).digest)}.part`)).size).toBe(400);
  });

  it('stops when it is told to', async () => {
    const abort = new AbortController();
    handle = () => {
      abort.abort(new Error('stop'));
    };
    await expect(store.fetch(refOf(randomBytes(10)), { url, signal: abort.signal })).rejects.toThrow('stop');
  });
});

describe('data sets', () => {
  const dataset = async (): Promise<string> => {
    const folder = join(root, 'set');
    await mkdir(join(folder, 'images', 'val'), { recursive: true });
    await writeFile(join(folder, 'data.yaml'), 'names: [a]\n');
    await writeFile(join(folder, 'images', 'val', 'b.jpg'), randomBytes(500));
    await writeFile(join(folder, 'images', 'val', 'a.jpg'), 'x');
    await writeFile(join(folder, '.hidden'), 'x');
    return folder;
  };
  const adopted = async (tar: string): Promise<Digest> => (await store.adopt(tar, 'set.tar')).digest;

  it('packs the same folder to the same bytes whatever its times and modes are', async () => {
    const folder = await dataset();
    const first = await packFolderTo(folder, join(root, 'one.tar'));
    await utimes(join(folder, 'data.yaml'), 1, 1);
    await rm(join(folder, 'images', 'val', 'a.jpg'));
    await writeFile(join(folder, 'images', 'val', 'a.jpg'), 'x', { mode: 0o600 });
    expect(await packFolderTo(folder, join(root, 'two.tar'))).toEqual(first);
    await writeFile(join(folder, 'data.yaml'), 'names: [b]\n');
    expect((await packFolderTo(folder, join(root, 'three.tar'))).digest).not.toBe(first.digest);
  });

  it('unpacks what was packed, whole, once', async () => {
    const folder = await dataset();
    await packFolderTo(folder, join(root, 'set.tar'));
    const digest = await adopted(join(root, 'set.tar'));
    const target = await store.unpack(digest);
    expect(await readdir(target, { recursive: true })).toEqual(
      expect.arrayContaining(['data.yaml', 'images/val/a.jpg', 'images/val/b.jpg']) as string[],
    );
    expect(await readFile(join(target, 'data.yaml'), 'utf8')).toBe('names: [a]\n');
    await writeFile(join(target, 'marker'), '');
    expect(await store.unpack(digest)).toBe(target);
    expect(existsSync(join(target, 'marker'))).toBe(true);
  });

  it('drops what a killed unpacking left', async () => {
    const folder = await dataset();
    await packFolderTo(folder, join(root, 'set.tar'));
    const digest = await adopted(join(root, 'set.tar'));
    await mkdir(`${store.datasetPath(digest)}.unpacking`, { recursive: true });
    await writeFile(join(`${store.datasetPath(digest)}.unpacking`, 'half.jpg'), '');
    expect((await readdir(await store.unpack(digest))).sort()).toEqual(['data.yaml', 'images']);
  });

  it('refuses entries that leave the folder, links, and files that are no tar', async () => {
    const folder = await dataset();
    await writeFile(join(root, 'evil'), 'x');
    await create({ file: join(root, 'up.tar'), cwd: folder, preservePaths: true }, ['../evil']);
    await create({ file: join(root, 'absolute.tar'), preservePaths: true }, [join(root, 'evil')]);
    await symlink('/etc/passwd', join(folder, 'link'));
    await create({ file: join(root, 'link.tar'), cwd: folder }, ['link']);
    await writeFile(join(root, 'text.tar'), 'this is no tar');
    await writeFile(join(root, 'empty.tar'), '');
    for (const name of ['up', 'absolute', 'link', 'text', 'empty']) {
      const digest = await adopted(join(root, `${name}.tar`));
      expect([name, await codeOf(store.unpack(digest))]).toEqual([name, 'DataSetInvalid']);
      expect((await store.contents()).datasets).not.toContain(digest);
    }
    expect(await fs.list(join(root, 'data', 'datasets'))).toEqual([]);
  });

  it('asks for the archive first, for room, and for files', async () => {
    expect(await codeOf(store.unpack(refOf(randomBytes(1)).digest))).toBe('ArtifactMissing');
    await packFolderTo(await dataset(), join(root, 'set.tar'));
    const digest = await adopted(join(root, 'set.tar'));
    expect(await codeOf(store.unpack(digest, { freeBytes: () => Promise.resolve(0) }))).toBe('NoSpaceLeft');
    await mkdir(join(root, 'nothing'));
    expect(await codeOf(packFolderTo(join(root, 'nothing'), join(root, 'x.tar')))).toBe('FolderEmpty');
    expect(await codeOf(packFolderTo(join(root, 'none'), join(root, 'x.tar')))).toBe('FolderUnreadable');
  });

  it('names what cannot be packed: a FIFO, a device, a link back to its folder, links in a circle, a link to nothing', async () => {
    for (const [name, make] of [
      ['fifo', (path: string) => Promise.resolve(execFileSync('mkfifo', [path]))],
      ['device', (path: string) => symlink('/dev/zero', path)],
      ['back', (path: string) => symlink('.', path)],
      ['circle', (path: string) => symlink('circle', path)],
      ['nothing', (path: string) => symlink('missing', path)],
    ] as const) {
      const folder = join(root, `with-${name}`);
      await mkdir(folder);
      await make(join(folder, name));
      const packed = packFolderTo(folder, join(root, 'x.tar'));
      await expect(packed).rejects.toMatchObject({
        code: 'FolderUnreadable',
        message: expect.stringContaining(join(folder, name)) as string,
      });
    }
  });
});

describe('verify', () => {
  const fifo = (path: string): Promise<void> => Promise.resolve(void execFileSync('mkfifo', [path]));
  const inPlaceOf =
    (put: (path: string) => Promise<unknown>) =>
    async (path: string): Promise<void> => {
      await rm(path);
      await put(path);
    };
  const DAMAGES: [string, (path: string) => Promise<unknown>][] = [
    ['with one byte changed', (path) => writeFile(path, 'contenT')],
    ['that is cut short', (path) => writeFile(path, 'cont')],
    ['replaced by a FIFO', inPlaceOf(fifo)],
    ['replaced by a folder', inPlaceOf((path) => mkdir(path))],
  ];

  it.each(DAMAGES)('removes a file %s, so that it is fetched again', async (_how, damage) => {
    await writeFile(join(root, 'file'), 'content');
    const { digest } = await store.adopt(join(root, 'file'), 'file');
    await store.verify(digest);
    await damage(store.artifactPath(digest));
    expect(await codeOf(store.verify(digest))).toBe('ArtifactDamaged');
    expect((await store.contents()).artifacts).toEqual([]);
  });

  it.each([...DAMAGES, ['that is gone', (path: string) => rm(path)] as const])(
    'removes a data set with a file %s, so that it is unpacked again',
    async (_how, damage) => {
      const source = join(root, 'verified');
      await mkdir(join(source, 'images'), { recursive: true });
      await writeFile(join(source, 'data.yaml'), 'names: [a]');
      await writeFile(join(source, 'images', 'one'), 'content');
      await packFolderTo(source, join(root, 'verified.tar'));
      const { digest } = await store.adopt(join(root, 'verified.tar'), 'verified.tar');
      await store.unpack(digest);
      await store.verifyDataset(digest);
      await damage(join(store.datasetPath(digest), 'images', 'one'));
      expect(await codeOf(store.verifyDataset(digest))).toBe('ArtifactDamaged');
      await store.unpack(digest);
      await store.verifyDataset(digest);
    },
  );

  it('goes on where a FIFO is in the place of the part of a download', async () => {
    const content = randomBytes(1000);
    const ref = refOf(content);
    serve(content);
    await mkdir(join(root, 'data', 'artifacts', 'sha256'), { recursive: true });
    await fifo(`${store.artifactPath(ref.digest)}.part`);
    await store.fetch(ref, { url });
    await store.verify(ref.digest);
  });
});

describe('adopt, prune, upload', () => {
  it('keeps what is named and removes the rest with its parts', async () => {
    await writeFile(join(root, 'a'), 'a');
    await writeFile(join(root, 'b'), 'b');
    const a = await store.adopt(join(root, 'a'), 'a');
    const b = await store.adopt(join(root, 'b'), 'b');
    expect(await store.adopt(join(root, 'a'), 'a')).toEqual(a);
    await writeFile(`${store.artifactPath(b.digest)}.part`, 'half');
    await mkdir(store.datasetPath(b.digest), { recursive: true });
    expect(await store.prune(new Set([a.digest]))).toBe(3);
    expect(await store.contents()).toEqual({ artifacts: [a.digest], datasets: [] });
  });

  it('sends a file whole, and says why it was refused', async () => {
    const content = randomBytes(200_000);
    await writeFile(join(root, 'statistics.json'), content);
    const ref = refOf(content, 'statistics.json');
    const received: Buffer[] = [];
    handle = (request, response) => {
      request.on('data', (chunk: Buffer) => received.push(chunk));
      request.on('end', () => response.writeHead(201).end());
    };
    await upload(join(root, 'statistics.json'), ref, base);
    expect(Buffer.concat(received)).toEqual(content);
    handle = (request, response) => {
      request.resume();
      response.writeHead(422).end('{"title":"another digest"}');
    };
    await expect(upload(join(root, 'statistics.json'), ref, base)).rejects.toMatchObject({ code: 'UploadFailed', retryable: false });
    server.close();
    server.closeAllConnections();
    await expect(upload(join(root, 'statistics.json'), ref, base)).rejects.toMatchObject({ code: 'UploadFailed', retryable: true });
  });
});

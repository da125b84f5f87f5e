import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, utimes, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { API_PREFIX } from '@takt/contracts';
import { asId, silentLogger } from '@takt/kernel';
import type { Digest, JobId } from '@takt/kernel';
import { tinyDetector } from '@takt/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UnreferencedContent } from '../src/content/unreferenced-content.js';
import { imagesTar, tar, upload } from './content.js';
import { Harness } from './harness.js';

const MAX_MODEL = 1_000_000;
const HOUR_MS = 3_600_000;

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start({ TAKT_MAX_MODEL_BYTES: String(MAX_MODEL), TAKT_MAX_ARTIFACT_BYTES: '50000000' });
});
afterAll(async () => {
  await harness.stop();
});

const digestOf = (bytes: Uint8Array): Digest => asId(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
const folder = (name: string): string => join(harness.controlPlane.parts.config.artifactDir, name);
/** Every file of the store, those that arrive included. */
const files = async (): Promise<string[]> => [
  ...(await readdir(folder('incoming'))),
  ...(await readdir(folder('sha256'))).map((hex) => `sha256:${hex}`),
];
const rowOf = (digest: Digest): Promise<unknown> => harness.controlPlane.parts.db.stores.content.findArtifact(digest);
const unreferenced = async (): Promise<unknown> => (await harness.ok('GET', '/status'))['unreferenced'];

/** The sweep of a day of another length: what it finds old is what is older than 24 h at that time. */
const sweepIn = (hours: number): Promise<number> => {
  const { db, files: store } = harness.controlPlane.parts;
  const now = Date.now() + hours * HOUR_MS;
  return new UnreferencedContent(db, store, { now: () => now, monotonic: () => now }, silentLogger, 24).sweep();
};

/** Sends a body that has no end, and gives the answer with the bytes that the server has read by then. */
function sendEndlessly(
  path: string,
  headers: Record<string, string>,
  chunk: Buffer,
): Promise<{ status: number; read: number; body: string }> {
  return new Promise((resolve, reject) => {
    let socket: Socket | undefined;
    harness.controlPlane.app.getHttpServer().once('connection', (accepted: Socket) => (socket = accepted));
    const outgoing = request(
      `${harness.controlPlane.url}${API_PREFIX}${path}`,
      { method: 'POST', agent: false, headers: { authorization: `Bearer ${harness.token}`, ...headers } },
      (response) => {
        const read = socket?.bytesRead ?? Number.NaN;
        let body = '';
        response.on('data', (text: Buffer) => (body += text.toString()));
        response.on('close', () => {
          body === '' ? reject(new Error('no answer')) : resolve({ status: response.statusCode ?? 0, read, body });
          outgoing.destroy();
        });
      },
    );
    // The server closes while bytes are on their way: the answer is what counts.
    outgoing.on('error', () => undefined);
    Readable.from(
      (function* () {
        for (;;) yield chunk;
      })(),
    ).pipe(outgoing);
  });
}

describe('an upload', () => {
  it.each([
    ['the limit of a file', '9663676416', '', 'ArtifactTooLarge'],
    ['the limit of a model', String(MAX_MODEL + 1), '&as=model', 'ModelTooLarge'],
  ])('that announces more than %s is refused with its body unread', async (_, length, as, code) => {
    const { status, read, body } = await sendEndlessly(`/artifacts?fileName=a${as}`, { 'content-length': length }, Buffer.alloc(65_536, 8));
    expect({ status, code: (JSON.parse(body) as { code: string }).code }).toEqual({ status: 413, code });
    expect(read).toBeLessThan(1_000_000);
    expect(await files()).toEqual([]);
  });

  it('without a length is cut off where it passes the limit, and where it is no model', async () => {
    const chunked = { 'transfer-encoding': 'chunked' };
    const long = await sendEndlessly('/artifacts?fileName=a&as=model', chunked, Buffer.alloc(65_536, 8));
    expect(long.status).toBe(413);
    expect(long.body).toContain('ModelTooLarge');
    expect(long.read).toBeLessThan(10 * MAX_MODEL);
    const zeros = await sendEndlessly('/artifacts?fileName=a&as=model', chunked, Buffer.alloc(65_536));
    expect(zeros.status).toBe(422);
    expect(zeros.body).toContain('OnnxNotAModel');
    expect(zeros.read).toBeLessThan(MAX_MODEL);
    expect((await sendEndlessly('/artifacts?fileName=a&as=dataset', chunked, Buffer.alloc(65_536))).body).toContain('DatasetNotAnArchive');
    expect(await files()).toEqual([]);
  });

  it('can be asked for before a file is hashed', async () => {
    expect((await harness.call('POST', '/uploads/check', { sizeBytes: 1000, as: 'model' })).status).toBe(204);
    const model = await harness.call('POST', '/uploads/check', { sizeBytes: MAX_MODEL + 1, as: 'model' });
    expect(model).toMatchObject({ status: 413, body: { code: 'ModelTooLarge' } });
    const file = await harness.call('POST', '/uploads/check', { sizeBytes: 9 * 2 ** 30 });
    expect(file).toMatchObject({ status: 413, body: { code: 'ArtifactTooLarge' } });
  });

  it('is stored as the bytes it is where it is sent as JSON', async () => {
    const response = await fetch(`${harness.controlPlane.url}${API_PREFIX}/artifacts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${harness.token}`, 'content-type': 'application/json' },
      body: '{"a":1}',
    });
    expect(await response.json()).toMatchObject({ digest: digestOf(Buffer.from('{"a":1}')), sizeBytes: 7 });
  });
});

describe('content', () => {
  const as = (purpose: 'model' | 'dataset', bytes: Uint8Array): Promise<string> => upload(harness, bytes, `a&as=${purpose}`);

  it('that the parser it was uploaded for refuses is gone at once, file and row', async () => {
    await sweepIn(25);
    const half = await as('model', tinyDetector().subarray(0, 600));
    const noImages = await as('dataset', await tar({ 'a.txt': 'x' }));
    expect(await unreferenced()).toMatchObject({ files: 2 });
    for (const [path, body, code] of [
      ['/models', { name: 'half', version: '1', artifact: half }, 'OnnxTruncated'],
      ['/datasets', { name: 'set', role: 'golden', artifact: noImages }, 'DatasetEmpty'],
    ] as const) {
      expect((await harness.call('POST', path, body)).body).toMatchObject({ code });
      expect(await harness.call('POST', path, body)).toMatchObject({ status: 404, body: { code: 'NotFound' } });
    }
    expect(await files()).toEqual([]);
    expect(await unreferenced()).toEqual({ files: 0, sizeBytes: 0 });
  });

  it('that is refused as something else, to someone else, or in another role stays for its uploader until it is old', async () => {
    const { token } = await harness.ok<{ token: string }>('POST', '/tokens', { name: 'other', role: 'operator' });
    const images = await as('dataset', await tar({ 'a.jpg': 'kept' }));
    const noImages = await as('dataset', await tar({ 'a.txt': 'kept' }));
    const refused = [
      ['/models', { name: 'm', version: '1', artifact: images }, harness.token],
      ['/models', { name: 'm', version: '1', artifact: images }, token],
      ['/datasets', { name: 'kept', role: 'golden', artifact: images }, harness.token],
      ['/datasets', { name: 'kept', role: 'frames', artifact: noImages }, token],
    ] as const;
    for (const [path, body, caller] of refused) expect((await harness.call('POST', path, body, caller)).status).toBe(422);
    expect((await files()).sort()).toEqual([images, noImages].sort());
    await harness.ok('POST', '/datasets', { name: 'kept', role: 'frames', artifact: images });
    expect(await sweepIn(25)).toBe(1);
    expect(await files()).toEqual([images]);
  });

  it('that cannot be read says nothing of what is in it, and stays', async () => {
    const images = asId<Digest>(await as('dataset', await tar({ 'a.jpg': 'unreadable' })));
    const path = harness.controlPlane.parts.files.path(images);
    const body = { name: 'unreadable', role: 'frames', artifact: images };
    await rename(path, `${path}.aside`);
    await mkdir(path);
    expect((await harness.call('POST', '/datasets', body)).status).toBe(500);
    await rmdir(path);
    await rename(`${path}.aside`, path);
    expect((await harness.call('POST', '/datasets', body)).status).toBe(201);
  });

  it('that a data set names stays where a parser of something else refuses it', async () => {
    const images = await upload(harness, await imagesTar(), 'images.tar');
    await harness.ok('POST', '/datasets', { name: 'images', role: 'frames', artifact: images });
    expect((await harness.call('POST', '/models', { name: 'm', version: '1', artifact: images })).status).toBe(422);
    expect(await files()).toContain(images);
  });

  it('that nothing names is removed when it is old, and nothing else is', async () => {
    const { db } = harness.controlPlane.parts;
    const model = asId<Digest>(await upload(harness, tinyDetector(), 'detector.onnx'));
    await harness.ok('POST', '/models', { name: 'detector', version: '1', artifact: model });
    const inUse = (await files()).sort();
    const old = asId<Digest>(await upload(harness, randomBytes(1_000), 'old.bin'));
    const statistics = { digest: digestOf(randomBytes(9)), sizeBytes: 9, fileName: 'statistics.bin', purpose: 'file' } as const;
    const named = { ...statistics, digest: digestOf(randomBytes(9)) };
    await db.transaction(async (stores) => {
      for (const each of [statistics, named])
        await stores.content.saveArtifact({ ...each, createdBy: `node:${randomUUID()}`, createdAt: new Date() });
    });
    const job = {
      id: asId<JobId>(randomUUID()),
      kind: 'calibrate',
      state: 'running',
      phase: '',
      progress: 0,
      etaSeconds: null,
      nodeId: null,
    } as const;
    const rest = {
      deploymentId: null,
      modelDigest: model,
      modelName: 'detector',
      calibrationDigest: old,
      attempts: 1,
      leaseUntil: null,
      error: null,
    };
    const times = { createdAt: new Date(), updatedAt: new Date() };
    await db.stores.jobs.add({ ...job, ...rest, ...times, result: null });
    const done = { kind: 'calibrate', statistics: named, images: 1, seconds: 1 } as const;
    await db.stores.jobs.add({
      ...job,
      ...rest,
      ...times,
      id: asId<JobId>(randomUUID()),
      calibrationDigest: model,
      state: 'succeeded',
      result: done,
    });
    await writeFile(join(folder('sha256'), 'e'.repeat(64)), 'no row');
    expect(await sweepIn(23)).toBe(0);
    // What is uploaded again is new again.
    await db.transaction((stores) =>
      stores.content.saveArtifact({
        digest: old,
        sizeBytes: 1_000,
        fileName: 'x',
        purpose: 'file',
        createdBy: 'a',
        createdAt: new Date(Date.now() + 2 * HOUR_MS),
      }),
    );
    await utimes(join(folder('sha256'), 'e'.repeat(64)), new Date(), new Date(Date.now() - 48 * HOUR_MS));
    expect(await sweepIn(25)).toBe(1);
    expect((await files()).sort()).toEqual([...inUse, old].sort());
    expect(await sweepIn(27)).toBe(1);
    expect((await files()).sort()).toEqual(inUse);
    // The report of an upload may come late; with the end of the job nothing names it any more.
    expect(await rowOf(statistics.digest)).not.toBeNull();
    await db.stores.jobs.update(job.id, { state: 'failed' });
    expect(await sweepIn(27)).toBe(1);
    expect(await rowOf(statistics.digest)).toBeNull();
    expect(await rowOf(named.digest)).not.toBeNull();
  });

  it('that cannot be removed keeps nothing else from it', async () => {
    await sweepIn(25);
    const kept = (await files()).sort();
    // Two without a row; a folder cannot be removed as a file.
    for (const [at, name] of ['0', '1', '2', 'f'].entries()) {
      const path = join(folder('sha256'), name.repeat(64));
      await (at % 2 === 0 ? mkdir(path) : writeFile(path, 'no row'));
      await utimes(path, new Date(), new Date(Date.now() - 48 * HOUR_MS));
    }
    const [stuck, gone] = [await as('dataset', await tar({ 'a.jpg': 'stuck' })), await as('dataset', await tar({ 'a.jpg': 'gone' }))];
    const path = harness.controlPlane.parts.files.path(asId<Digest>(stuck));
    await rm(path);
    await mkdir(path);
    const failed = await sweepIn(25).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(AggregateError);
    // The one whose row could be deleted is tried once more as a file without a row.
    expect((failed as AggregateError).errors).toHaveLength(4);
    expect((await files()).sort()).toEqual([...kept, stuck, `sha256:${'0'.repeat(64)}`, `sha256:${'2'.repeat(64)}`].sort());
    expect(await rowOf(asId(gone))).toBeNull();
    for (const each of [path, ...['0', '2'].map((name) => join(folder('sha256'), name.repeat(64)))]) await rmdir(each);
  });

  it('has a row exactly where it has a file, however uploads, registrations and sweeps meet', async () => {
    const bytes = await tar({ 'a.jpg': 'raced' });
    const digest = digestOf(bytes);
    for (let round = 0; round < 15; round += 1) {
      const [, stored] = await Promise.all([sweepIn(25), upload(harness, bytes, 'a.tar'), sweepIn(25), upload(harness, bytes, 'a.tar')]);
      expect(stored).toBe(digest);
      expect((await files()).includes(digest)).toBe((await rowOf(digest)) !== null);
    }
    await upload(harness, bytes, 'a.tar');
    const [registered] = await Promise.all([
      harness.call('POST', '/datasets', { name: 'raced', role: 'frames', artifact: digest }),
      sweepIn(25),
    ]);
    expect([201, 404]).toContain(registered.status);
    expect((await files()).includes(digest)).toBe(registered.status === 201);
    expect((await rowOf(digest)) !== null).toBe(registered.status === 201);
  });
});

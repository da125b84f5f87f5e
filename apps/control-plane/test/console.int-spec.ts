import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { problemSchema } from '@takt/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './harness.js';

let harness: Harness;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'takt-console-'));
  await writeFile(join(dir, 'secret.json'), '{"outside":true}');
  harness = await Harness.start({ TAKT_CONSOLE_DIR: join(dir, 'console') });
});
afterAll(async () => {
  await harness.stop();
  await rm(dir, { recursive: true, force: true });
});

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The path goes out as it is written here: `fetch` would tidy it up. */
const get = (path: string, headers: Record<string, string> = { accept: 'text/html' }, method = 'GET'): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(harness.controlPlane.url);
    const outgoing = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    outgoing.once('error', reject);
    outgoing.end();
  });

const INDEX = '<!doctype html><title>takt</title><script type="module" src="/assets/index-B4x9_aZ1.js"></script>';
const SCRIPT = 'console'.repeat(100);

const build = async (): Promise<void> => {
  await mkdir(join(dir, 'console', 'assets'), { recursive: true });
  await writeFile(join(dir, 'console', 'assets', 'index-B4x9_aZ1.js'), SCRIPT);
  await writeFile(join(dir, 'console', 'assets', 'theme.js'), 'theme');
  await writeFile(join(dir, 'console', 'logo.svg'), '<svg/>');
  await writeFile(join(dir, 'console', 'notes.md'), 'not for the web');
  await writeFile(join(dir, 'console', 'index.html'), INDEX);
};

describe('the console', () => {
  it('says what to do while it is not built, and is there once it is', async () => {
    const missing = await get('/');
    expect(missing.status).toBe(404);
    expect(missing.headers['content-type']).toContain('text/html');
    expect(missing.body.toString()).toContain('TAKT_CONSOLE_DIR');
    await build();
    const page = await get('/');
    expect([page.status, page.body.toString()]).toEqual([200, INDEX]);
  });

  it('is shown at every address that is not of the API', async () => {
    for (const path of ['/', '/index.html', '/login', '/nodes/box.example.com', '/apidocs', '/lines/north%2Fpress?minutes=30']) {
      const page = await get(path);
      expect([path, page.status, page.body.toString()]).toEqual([path, 200, INDEX]);
      expect(page.headers['cache-control']).toBe('no-cache');
    }
    // A program that asks for nothing in particular gets the front page, and no page for an address that is none.
    expect((await get('/', {})).status).toBe(200);
    for (const [path, accept] of [
      ['/nowhere', '*/*'],
      ['/assets/index-old.js', 'text/html'],
      ['/notes.md', '*/*'],
    ] as const) {
      const answer = await get(path, { accept });
      expect([path, answer.status]).toEqual([path, 404]);
      expect(problemSchema.parse(JSON.parse(answer.body.toString())).code).toBe('NoSuchRoute');
    }
    expect((await get('/login', { accept: 'text/html' }, 'POST')).status).toBe(404);
  });

  it('leaves everything below /api to the API', async () => {
    for (const path of ['/api/v1/nowhere', '/api/nowhere', '/api', '/api/v1', '/%61pi/v1/nowhere']) {
      const answer = await get(path);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(problemSchema.parse(JSON.parse(answer.body.toString()))).toMatchObject({ code: 'NoSuchRoute' });
    }
    expect((await get('/api/docs')).status).toBe(200);
    expect((await get('/api/v1/me')).status).toBe(401);
  });

  it('runs no script but its own, and in nobody’s frame', async () => {
    for (const path of ['/', '/assets/index-B4x9_aZ1.js', '/logo.svg']) {
      const { headers } = await get(path, { accept: '*/*' });
      const policy = headers['content-security-policy']?.toString() ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer' });
    }
    expect((await get('/api/docs')).headers['x-frame-options']).toBe('DENY');
  });

  it('keeps its assets in caches for ever, and everything in as few bytes as it can', async () => {
    const plain = await get('/assets/index-B4x9_aZ1.js', { accept: '*/*' });
    expect(plain.body.toString()).toBe(SCRIPT);
    expect(plain.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    });
    const small = await get('/assets/index-B4x9_aZ1.js', { accept: '*/*', 'accept-encoding': 'br, gzip' });
    expect(small.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(small.body).toString()).toBe(SCRIPT);
    expect((await get('/assets/theme.js', { accept: '*/*' })).headers['cache-control']).toBe('no-cache');
    const known = await get('/', { accept: 'text/html', 'if-none-match': (await get('/')).headers.etag ?? '' });
    expect([known.status, known.body.length]).toEqual([304, 0]);
    const head = await get('/', { accept: 'text/html' }, 'HEAD');
    expect([head.status, head.body.length, head.headers['content-length']]).toEqual([200, 0, String(INDEX.length)]);
  });

  it('lets no path lead out of its folder', async () => {
    for (const path of [
      '/../secret.json',
      '/..%2fsecret.json',
      '/%2e%2e/secret.json',
      '/assets/../../secret.json',
      '/assets/..%5c..%5csecret.json',
      '//secret.json',
      '/%00/../secret.json',
      '/%',
      `${join(dir, 'secret.json')}`,
    ]) {
      const answer = await get(path, { accept: '*/*' });
      expect([path, answer.body.toString().includes('outside')]).toEqual([path, false]);
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
  });

  it('is read again when it was built anew', async () => {
    await writeFile(join(dir, 'console', 'assets', 'index-new.js'), 'new');
    await writeFile(join(dir, 'console', 'index.html'), 'new page');
    expect((await get('/')).body.toString()).toBe('new page');
    expect((await get('/assets/index-new.js', { accept: '*/*' })).body.toString()).toBe('new');
  });
});

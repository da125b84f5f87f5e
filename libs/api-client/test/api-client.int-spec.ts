import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TaktError } from '@takt/kernel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApiClient } from '../src/index.js';
import type { EventNotification, FleetNotification } from '../src/index.js';
import { uploadFile } from '../src/node/index.js';

let server: Server | undefined;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'takt-api-client-'));
});
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((done) => (server === undefined ? done(undefined) : server.close(done)));
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function serve(listener: RequestListener): Promise<string> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((done) => started.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${String((started.address() as AddressInfo).port)}`;
}

function json(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
}

const problem = (status: number, code: string, retryable = false): Record<string, unknown> => ({
  type: 'about:blank',
  title: code,
  status,
  detail: `${code} happened`,
  code,
  action: 'do this',
  object: null,
  requestId: 'r',
  retryable,
  issues: [],
});

const caught = async (work: Promise<unknown>): Promise<TaktError> => {
  const outcome = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(outcome).toBeInstanceOf(TaktError);
  return outcome as TaktError;
};

const site = { id: '0b7e7f0e-5a4e-4c43-9a7e-3f7a0e9f0a01', name: 'north', createdAt: '2026-11-23T00:00:00.000Z' };

describe('call', () => {
  it('sends method, path, token and body as the route says, and parses the answer', async () => {
    const seen: { request?: IncomingMessage; body?: string } = {};
    const baseUrl = await serve((request, response) => {
      seen.request = request;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.body = Buffer.concat(chunks).toString();
        json(response, 201, { ...site, more: 'unknown members are dropped' });
      });
    });
    const reply = await createApiClient({ baseUrl, token: 'secret' }).call('createSite', { body: { name: 'north' } });
    expect(reply).toEqual(site);
    expect(seen.request?.method).toBe('POST');
    expect(seen.request?.url).toBe('/api/v1/sites');
    expect(seen.request?.headers.authorization).toBe('Bearer secret');
    expect(JSON.parse(seen.body ?? '')).toEqual({ name: 'north' });
  });

  it('answers undefined for a route without content', async () => {
    const baseUrl = await serve((_request, response) => response.writeHead(204).end());
    expect(await createApiClient({ baseUrl }).call('revokeToken', { params: { id: site.id } })).toBeUndefined();
  });

  it('turns a problem document into its error', async () => {
    const baseUrl = await serve((_request, response) => json(response, 409, problem(409, 'SiteExists'), 'application/problem+json'));
    expect(await caught(createApiClient({ baseUrl }).call('createSite', { body: { name: 'north' } }))).toMatchObject({
      code: 'SiteExists',
      action: 'do this',
    });
  });

  it.each([['{"items": [{"name": 1}]}'], ['{"items": '], ['<html>']])('refuses the answer %s', async (text) => {
    const baseUrl = await serve((_request, response) => response.writeHead(200).end(text));
    expect(await caught(createApiClient({ baseUrl }).call('listSites'))).toMatchObject({ code: 'UnexpectedReply' });
  });

  it('says that nobody listens', async () => {
    const baseUrl = await serve(() => undefined);
    await new Promise((done) => server?.close(done));
    server = undefined;
    const error = await caught(createApiClient({ baseUrl }).call('status'));
    expect(error).toMatchObject({ code: 'ControlPlaneUnreachable', element: baseUrl, retryable: true });
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.action).toContain('--server');
  });

  it('gives up after the time limit and when the caller cancels', async () => {
    const baseUrl = await serve(() => undefined);
    expect(await caught(createApiClient({ baseUrl, timeoutMs: 50 }).call('status'))).toMatchObject({
      code: 'ControlPlaneTimeout',
      retryable: true,
    });
    const controller = new AbortController();
    const work = caught(createApiClient({ baseUrl }).call('status', {}, { signal: controller.signal }));
    controller.abort();
    expect(await work).toMatchObject({ code: 'Cancelled' });
  });
});

describe('uploadFile', () => {
  it('streams the file under its digest with its length', async () => {
    const content = randomBytes(3_000_000);
    const path = join(folder, 'model v1.onnx');
    await writeFile(path, content);
    const hex = createHash('sha256').update(content).digest('hex');
    const seen = { url: '', length: '', chunks: 0, hash: createHash('sha256') };
    const baseUrl = await serve((request, response) => {
      if (request.url === '/api/v1/uploads/check') {
        response.writeHead(204).end();
        return;
      }
      seen.url = request.url ?? '';
      seen.length = request.headers['content-length'] ?? '';
      request.on('data', (chunk: Buffer) => {
        seen.chunks++;
        seen.hash.update(chunk);
      });
      request.on('end', () => json(response, 201, { digest: `sha256:${hex}`, sizeBytes: content.length, fileName: 'model-v1.onnx' }));
    });
    const phases = new Set<string>();
    let last = 0;
    const reply = await uploadFile(createApiClient({ baseUrl }), path, {
      onProgress: (phase, done, total) => {
        phases.add(phase);
        expect(total).toBe(content.length);
        last = done;
      },
    });
    expect(reply).toEqual({ digest: `sha256:${hex}`, sizeBytes: content.length, fileName: 'model-v1.onnx' });
    expect(seen.url).toBe(`/api/v1/artifacts/sha256%3A${hex}?fileName=model-v1.onnx`);
    expect(seen.length).toBe(String(content.length));
    expect(seen.hash.digest('hex')).toBe(hex);
    expect(seen.chunks).toBeGreaterThan(5);
    expect([...phases]).toEqual(['hashing', 'sending']);
    expect(last).toBe(content.length);
  });

  it("reports the server's refusal before the file is hashed or sent", async () => {
    const path = join(folder, 'large.onnx');
    await writeFile(path, Buffer.alloc(30_000_000));
    const asked: unknown[] = [];
    const baseUrl = await serve((request, response) => {
      asked.push(request.url);
      json(response, 413, problem(413, 'UploadTooLarge'), 'application/problem+json');
      request.resume();
    });
    const onProgress = vi.fn();
    expect(await caught(uploadFile(createApiClient({ baseUrl }), path, { onProgress }))).toMatchObject({ code: 'UploadTooLarge' });
    expect(asked).toEqual(['/api/v1/uploads/check']);
    expect(onProgress).not.toHaveBeenCalled();
  });

  it('gives up on a server that takes no more bytes, or takes them all and says nothing', async () => {
    const [large, small] = [join(folder, 'stalled.onnx'), join(folder, 'silent.onnx')];
    await writeFile(large, Buffer.alloc(30_000_000));
    await writeFile(small, Buffer.alloc(1_000));
    // The first body is never read, so its sender's buffers stay full.
    const baseUrl = await serve((request, response) => {
      if (request.url === '/api/v1/uploads/check') response.writeHead(204).end();
      else if (request.headers['content-length'] === '1000') request.resume();
    });
    for (const path of [large, small]) {
      expect(await caught(uploadFile(createApiClient({ baseUrl }), path, { stallMs: 300 }))).toMatchObject({
        code: 'UploadStalled',
        element: path,
        retryable: true,
      });
    }
  });

  it('names a file that is not there, and a folder', async () => {
    const client = createApiClient({ baseUrl: 'http://127.0.0.1:1' });
    expect(await caught(uploadFile(client, join(folder, 'none.onnx')))).toMatchObject({
      code: 'FileUnreadable',
      element: join(folder, 'none.onnx'),
    });
    expect(await caught(uploadFile(client, folder))).toMatchObject({ code: 'FileUnreadable' });
  });
});

const event = (seq: number): string =>
  `id: ${String(seq)}\nevent: event\ndata: ${JSON.stringify({ seq, at: site.createdAt, actor: 'a', code: 'SiteCreated', severity: 'info', message: 'm', object: { kind: 'site', id: 's', name: 'north' }, site: null, data: {} })}\n\n`;

describe('events', () => {
  it('resumes after the last event seen, and gives each event once', async () => {
    const asked: (string | undefined)[] = [];
    const baseUrl = await serve((request, response) => {
      asked.push((request.headers['last-event-id'] as string | undefined) ?? request.url);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (asked.length === 1) response.end(`retry: 5\n\n: hello\n\n${event(4)}${event(5)}id: 6\ndata: {"cut`);
      else if (asked.length === 2) request.socket.destroy();
      else response.write(`${event(5)}${event(6)}`);
    });
    const controller = new AbortController();
    const seen: EventNotification[] = [];
    for await (const notification of createApiClient({ baseUrl }).events({ after: 3, signal: controller.signal })) {
      seen.push(notification);
      if (notification.type === 'event' && notification.event.seq === 6) controller.abort();
    }
    expect(seen.flatMap((item) => (item.type === 'event' ? [item.event.seq] : []))).toEqual([4, 5, 6]);
    expect(asked).toEqual(['/api/v1/events/stream?after=3', '5', '5']);
    expect(seen.filter((item) => item.type === 'disconnected')).toHaveLength(2);
  });

  it('throws what waiting does not mend', async () => {
    const baseUrl = await serve((_request, response) => json(response, 401, problem(401, 'TokenUnknown'), 'application/problem+json'));
    expect(await caught(createApiClient({ baseUrl }).events().next())).toMatchObject({ code: 'TokenUnknown' });
  });

  it('throws when the first connection finds nobody', async () => {
    expect(await caught(createApiClient({ baseUrl: 'http://127.0.0.1:1' }).events().next())).toMatchObject({
      code: 'ControlPlaneUnreachable',
    });
  });
});

describe('fleet', () => {
  it('gives figures as they come, over a lost connection', async () => {
    const figures = (online: number): string =>
      `event: fleet\ndata: ${JSON.stringify({ at: site.createdAt, nodes: { total: 3, online }, slots: [] })}\n\n`;
    const asked: string[] = [];
    const baseUrl = await serve((request, response) => {
      asked.push(`${request.url ?? ''} ${String(request.headers['x-takt-console'])}`);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (asked.length === 1) response.end(`retry: 5\n\n${figures(1)}${figures(2)}`);
      else response.write(figures(3));
    });
    const controller = new AbortController();
    const seen: FleetNotification[] = [];
    for await (const notification of createApiClient({ baseUrl, headers: { 'x-takt-console': '1' } }).fleet({
      signal: controller.signal,
    })) {
      seen.push(notification);
      if (notification.type === 'figures' && notification.figures.nodes.online === 3) controller.abort();
    }
    expect(seen.flatMap((item) => (item.type === 'figures' ? [item.figures.nodes.online] : []))).toEqual([1, 2, 3]);
    expect(seen.filter((item) => item.type === 'disconnected')).toHaveLength(1);
    expect(asked).toEqual(['/api/v1/fleet/stream 1', '/api/v1/fleet/stream 1']);
  });
});

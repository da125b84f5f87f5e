import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { API_PREFIX, apiRoutes, problemSchema } from '@takt/contracts';
import type { ApiRoute } from '@takt/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueLoginCode } from '../src/access/login-code.js';
import { Harness } from './harness.js';
import { hostileRequests } from './hostile-requests.js';
import type { HostileRequest } from './hostile-requests.js';

let harness: Harness;
let session: string;
beforeAll(async () => {
  harness = await Harness.start({ TAKT_BODY_SECONDS: '3' });
  const opened = await harness.call('POST', '/session', { token: harness.token }, '');
  session = /takt_session=([^;]+)/.exec(opened.headers.get('set-cookie') ?? '')?.[1] ?? '';
});
afterAll(async () => {
  await harness.stop();
});

const ID = '7b0f2c3e-0d5a-4a7e-9f43-1f2f6f1c2d3e';
const DIGEST = `sha256:${'0'.repeat(64)}`;
const routes = Object.entries(apiRoutes) as [string, ApiRoute][];
const pathOf = (route: ApiRoute): string => route.path.replace(':digest', DIGEST).replace(':id', ID).replace(':ref', ID);
const PUBLIC = ['health', 'live', 'login', 'joinChallenge', 'join', 'createSession'];

describe('every route', () => {
  it('is registered, and no other', () => {
    const router = (
      harness.controlPlane.app.getHttpAdapter().getInstance() as {
        router: { stack: { route?: { path: string; methods: Record<string, boolean> } }[] };
      }
    ).router;
    const served = router.stack
      .flatMap(({ route }) =>
        route === undefined ? [] : Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${route.path}`),
      )
      .filter((route) => route.includes(` ${API_PREFIX}`));
    const listed = routes.map(([, route]) => `${route.method} ${API_PREFIX}${route.path}`);
    expect([...new Set(served)].sort()).toEqual([...listed].sort());
  });

  it.each(routes.filter(([name]) => !PUBLIC.includes(name)))('%s needs a token', async (_, route) => {
    for (const token of ['', 'takt_api_wrong']) {
      const answer = await harness.call(route.method, pathOf(route), route.method === 'GET' ? undefined : {}, token);
      expect(answer.status).toBe(401);
      expect(problemSchema.parse(answer.body).action).not.toBe('');
    }
  });

  it.each(routes.filter(([, route]) => ['operator', 'admin'].includes(route.access)))(
    '%s refuses a role that is too low',
    async (name, route) => {
      const role = route.access === 'admin' ? 'operator' : 'viewer';
      const { token } = await harness.ok<{ token: string }>('POST', '/tokens', { name: `${role}-for-${name}`, role });
      const answer = await harness.call(route.method, pathOf(route), route.method === 'GET' ? undefined : {}, token);
      expect(answer.status).toBe(403);
      expect(problemSchema.parse(answer.body).code).toBe('RoleTooLow');
    },
  );

  it.each(routes.filter(([name, route]) => !PUBLIC.includes(name) && route.method !== 'GET'))(
    '%s changes nothing for a session that another page uses',
    async (_, route) => {
      const answer = await fetch(`${harness.controlPlane.url}${API_PREFIX}${pathOf(route)}`, {
        method: route.method,
        headers: { cookie: `takt_session=${session}`, 'content-type': 'application/json' },
        body: '{}',
      });
      expect(answer.status).toBe(403);
      expect(problemSchema.parse(await answer.json()).code).toBe('CrossSiteRequest');
    },
  );

  it('lists the public ones by name', () => {
    expect(routes.filter(([, route]) => route.access === 'public').map(([name]) => name)).toEqual(PUBLIC);
    expect(routes.filter(([, route]) => route.access === 'grant').map(([name]) => name)).toEqual(['putArtifact', 'getArtifact']);
  });

  it('is in the OpenAPI document, which the server shows', async () => {
    const response = await fetch(`${harness.controlPlane.url}/api/openapi.json`);
    const document = (await response.json()) as { paths: Record<string, Record<string, unknown>> };
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(documented.sort()).toEqual(
      routes.map(([, route]) => `${route.method} ${API_PREFIX}${route.path.replace(/:(\w+)/g, '{$1}')}`).sort(),
    );
    expect((await fetch(`${harness.controlPlane.url}/api/docs`)).status).toBe(200);
  });
});

/** Sends requests by hand, so that what `fetch` would refuse or repair leaves as it is. The status alone is of interest. */
async function statusOf({ path, init }: HostileRequest, agent: Agent): Promise<number> {
  const { hostname: host, port } = new URL(harness.controlPlane.url);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host, port, path, agent, method: init.method, headers: { authorization: `Bearer ${harness.token}`, ...init.headers } },
      (response) => {
        resolve(response.statusCode ?? 0);
        // An event stream never ends; an answer to a body that is not read closes the connection.
        if (response.headers['content-type']?.startsWith('text/event-stream') === true) response.destroy();
        else response.resume();
      },
    );
    outgoing.once('error', reject);
    outgoing.end(init.body);
  });
}

describe('problems', () => {
  it('name the faults of a request by field', async () => {
    const answer = await harness.call('POST', '/sites', { name: 'Not A Slug' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'RequestInvalid', issues: [{ path: 'name' }] } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  it.each([
    ['GET', '/nodes/%00', undefined, 'url'],
    ['GET', '/nodes/%1b%5B2J', undefined, 'url'],
    ['GET', '/models/%e2%80%aex', undefined, 'url'],
    ['GET', '/nodes/%', undefined, 'url'],
    ['GET', '/events?after=1&object=%00', undefined, 'object'],
    ['POST', '/tokens', { name: 'a\0b', role: 'viewer' }, 'name'],
    ['POST', '/tokens', { name: 'a\nb', role: 'viewer' }, 'name'],
    ['POST', '/deployments', { release: 'r', node: '\u009b2J' }, 'node'],
    ['POST', '/rollouts/r/pause', { reason: 'a\n\u001b]8;;x\u0007b' }, 'reason'],
    ['POST', '/join', { publicKey: `U${'A'.repeat(55)}`, nonce: 'n', signature: 's', hostname: 'h\u202e' }, 'hostname'],
  ])('refuse control characters by the field that holds them: %s %s', async (method, path, body, field) => {
    const answer = await harness.call(method, path, body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'RequestInvalid', issues: [{ path: field }] } });
    expect(problemSchema.parse(answer.body).action).not.toBe('');
  });

  it('are problems for broken JSON, unknown routes and unknown objects too', async () => {
    const broken = await fetch(`${harness.controlPlane.url}${API_PREFIX}/sites`, {
      method: 'POST',
      headers: { authorization: `Bearer ${harness.token}`, 'content-type': 'application/json' },
      body: '{',
    });
    expect(broken.status).toBe(400);
    expect(problemSchema.parse(await broken.json()).code).toBe('RequestInvalid');
    expect(await harness.call('GET', '/nowhere')).toMatchObject({ status: 404, body: { code: 'NoSuchRoute' } });
    expect(await harness.call('GET', '/nodes/nobody')).toMatchObject({ status: 404, body: { code: 'NotFound', object: 'nobody' } });
  });
});

describe('access', () => {
  it('takes a login code once', async () => {
    const answer = await harness.call('POST', '/login', { code: harness.controlPlane.loginCode }, '');
    expect(answer).toMatchObject({ status: 401, body: { code: 'LoginCodeInvalid' } });
  });

  it('counts wrong codes by remote address', async () => {
    const guess = (localAddress: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const outgoing = request(
          `${harness.controlPlane.url}${API_PREFIX}/login`,
          { method: 'POST', localAddress, agent: false, headers: { 'content-type': 'application/json' } },
          (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          },
        );
        outgoing.once('error', reject);
        outgoing.end(JSON.stringify({ code: 'wrong' }));
      });
    for (let count = 0; count < 20; count += 1) expect(await guess('127.0.0.2')).toBe(401);
    expect(await guess('127.0.0.2')).toBe(429);
    expect(await guess('127.0.0.3')).toBe(401);
  });

  it('lets nobody act in the name of the system or of another actor', async () => {
    const code = async (): Promise<string> => harness.controlPlane.parts.db.transaction((stores) => issueLoginCode(stores, new Date()));
    for (const name of ['control-plane', 'node:box', 'Node:box', ' control-plane']) {
      const reserved = { status: 422, body: { code: 'ActorNameReserved' } };
      expect(await harness.call('POST', '/tokens', { name, role: 'viewer' })).toMatchObject(reserved);
      expect(await harness.call('POST', '/login', { code: await code(), name }, '')).toMatchObject(reserved);
    }
    await harness.ok('POST', '/tokens', { name: 'reader', role: 'viewer' });
    const taken = { status: 409, body: { code: 'AlreadyExists' } };
    expect(await harness.call('POST', '/tokens', { name: 'reader', role: 'admin' })).toMatchObject(taken);
    const one = await code();
    expect(await harness.call('POST', '/login', { code: one, name: 'reader' }, '')).toMatchObject(taken);
    // The code is still good; who has lost the admin token gets another one in the same name.
    expect((await harness.call('POST', '/login', { code: one, name: 'tester' }, '')).status).toBe(201);
    expect((await harness.call('POST', '/tokens', { name: 'tester', role: 'viewer' })).status).toBe(201);
  });

  it('ends a revoked token at once', async () => {
    const made = await harness.ok<{ id: string; token: string }>('POST', '/tokens', { name: 'leaver', role: 'viewer' });
    expect((await harness.call('GET', '/me', undefined, made.token)).body).toEqual({ actor: 'leaver', role: 'viewer', sites: null });
    expect((await harness.call('DELETE', `/tokens/${made.id}`)).status).toBe(204);
    expect((await harness.call('GET', '/me', undefined, made.token)).status).toBe(401);
  });

  it('keeps an actor of one site to that site', async () => {
    await harness.ok('POST', '/sites', { name: 'north' });
    await harness.ok('POST', '/sites', { name: 'south' });
    const line = { slug: 'press', requiredFps: 5, source: { kind: 'image-directory', path: '/frames', fps: 10 } };
    await harness.ok('POST', '/lines', { ...line, site: 'north' });
    await harness.ok('POST', '/lines', { ...line, site: 'south' });
    const { token } = await harness.ok<{ token: string }>('POST', '/tokens', { name: 'northerner', role: 'operator', sites: ['north'] });
    const seen = await harness.call<{ items: { name: string }[] }>('GET', '/sites', undefined, token);
    expect(seen.body.items.map((site) => site.name)).toEqual(['north']);
    expect(await harness.call('GET', '/lines/press', undefined, token)).toMatchObject({ status: 200, body: { site: 'north' } });
    expect((await harness.call('GET', `/lines/${encodeURIComponent('south/press')}`, undefined, token)).status).toBe(404);
    expect((await harness.call('PATCH', `/lines/${encodeURIComponent('south/press')}`, { requiredFps: 1 }, token)).status).toBe(404);
    expect((await harness.call('POST', '/lines', { ...line, site: 'south', slug: 'other' }, token)).status).toBe(404);
    expect((await harness.call('POST', '/join-tokens', { site: 'south' }, token)).status).toBe(404);
    expect(await harness.call('GET', '/lines/press')).toMatchObject({ status: 422, body: { code: 'AmbiguousName' } });
    const events = await harness.call<{ items: { site: string | null }[] }>('GET', '/events', undefined, token);
    expect(new Set(events.body.items.map((event) => event.site))).toEqual(new Set(['north']));
  });

  it('lets an admin of one site neither make sites nor see or end tokens that reach further', async () => {
    await harness.ok('POST', '/sites', { name: 'east' });
    const { token } = await harness.ok<{ token: string }>('POST', '/tokens', { name: 'east-admin', role: 'admin', sites: ['east'] });
    expect(await harness.call('POST', '/sites', { name: 'west' }, token)).toMatchObject({
      status: 403,
      body: { code: 'OutsideSiteScope' },
    });
    const mine = await harness.call<{ items: { actor: string }[] }>('GET', '/tokens', undefined, token);
    expect(mine.body.items.map((item) => item.actor)).toEqual(['east-admin']);
    const all = await harness.ok<{ items: { id: string; actor: string }[] }>('GET', '/tokens');
    const tester = all.items.find((item) => item.actor === 'tester');
    expect((await harness.call('DELETE', `/tokens/${tester?.id ?? ''}`, undefined, token)).status).toBe(404);
    // What it makes reaches no further than itself.
    const made = await harness.call<{ token: string; sites: string[] }>('POST', '/tokens', { name: 'helper', role: 'admin' }, token);
    expect(made.body.sites).toEqual(['east']);
  });
});

describe('a request that trickles', () => {
  /** Sends one byte after another until `ended` settles, and gives the answer that has come when the connection is closed. */
  const trickle = async (path: string, headers: readonly string[], length: number, ended?: Promise<unknown>): Promise<string> => {
    const { hostname, port } = new URL(harness.controlPlane.url);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
    });
    socket.on('error', () => undefined);
    const head = [`POST ${API_PREFIX}${path} HTTP/1.1`, 'host: x', 'connection: close', `content-length: ${String(length)}`, ...headers];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    let left = length;
    const timer = setInterval(() => {
      if (left > 1) socket.write(' ');
      left = Math.max(1, left - 1);
    }, 100);
    void ended?.then(() => {
      clearInterval(timer);
      socket.write(' '.repeat(left));
    });
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(timer);
    return answer;
  };

  it('is refused when its body takes too long, whatever comes meanwhile; a file of any type may take its time', async () => {
    const authorization = `authorization: Bearer ${harness.token}`;
    const slow = trickle('/login', ['content-type: application/json'], 10_000);
    const files = [[], ['content-type: text/plain'], ['content-type: application/json']].map((type) =>
      // They began with the other request, and have their last byte after it was refused.
      trickle(
        '/artifacts',
        [authorization, ...type],
        1_000,
        slow.then(() => sleep(200)),
      ),
    );
    const answer = await slow;
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"RequestTooSlow"');
    expect(answer).toContain('"Too slow"');
    for (const file of await Promise.all(files)) expect(file).toMatch(/^HTTP\/1\.1 201 /);
  });
});

// Last: it uses up the attempts that wrong codes have.
describe('hostile requests', () => {
  it.each(routes.filter(([name]) => name !== 'endSession'))('%s answers none with a failure of the server', async (_, route) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const failures: string[] = [];
    let sent = 0;
    const requests = hostileRequests(route);
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (const each of requests) {
          sent += 1;
          const status = await statusOf(each, agent).catch((error: unknown) => String(error));
          if (typeof status !== 'number' || status >= 500)
            failures.push(
              `${String(status)} ${each.path.slice(0, 100)} ${JSON.stringify(each.init.headers)} ${String(each.init.body).slice(0, 200)}`,
            );
        }
      }),
    );
    agent.destroy();
    expect(failures.slice(0, 20)).toEqual([]);
    expect(sent).toBeGreaterThan(40);
  });

  it('nor does anything outside the route table', async () => {
    const agent = new Agent();
    const raw = [
      '/%',
      '/%00',
      '/%ff',
      '/%1b',
      '/..%2f..%2fetc%2fpasswd',
      '//',
      '/api',
      '/api/v1',
      '/api/v1/%',
      '/api/docs/%00',
      '/assets/%00',
      '/api/docs/%ff',
    ];
    const failures: string[] = [];
    for (const path of [...raw, `/${'x'.repeat(10_000)}`, '/api/openapi.json?%00', '/?a=%']) {
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE', 'PATCH', 'TRACE']) {
        const status = await statusOf({ path, init: { method, headers: {} } }, agent);
        if (status >= 500) failures.push(`${String(status)} ${method} ${path.slice(0, 100)}`);
      }
    }
    agent.destroy();
    expect(failures).toEqual([]);
  });
});

import { request } from 'node:http';
import { API_PREFIX } from '@takt/contracts';
import type { EventView, WhoAmI } from '@takt/contracts';
import { silentLogger } from '@takt/kernel';
import { SteppedClock } from '@takt/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueLoginCode } from '../src/access/login-code.js';
import { Harness } from './harness.js';
import type { Answer } from './harness.js';

const clock = new SteppedClock();
let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start({}, silentLogger, { clock });
});
afterAll(async () => {
  await harness.stop();
});

interface Problem {
  readonly code: string;
  readonly action: string;
}

/** A call as a browser makes it: with the cookie and without a bearer token. */
const browse = async <T = Problem>(
  method: string,
  path: string,
  options: { cookie?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer<T>> => {
  const response = await fetch(`${harness.controlPlane.url}${API_PREFIX}${path}`, {
    method,
    headers: {
      ...(options.cookie === undefined ? {} : { cookie: `other=1; takt_session=${options.cookie}` }),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as T, headers: response.headers };
};
const own = { 'x-takt-console': '1' };

const newCode = (): Promise<string> =>
  harness.controlPlane.parts.db.transaction((stores) => issueLoginCode(stores, new Date(clock.now()), 'session'));
const cookieOf = (answer: Answer<unknown>): string => /^takt_session=([^;]*)/.exec(answer.headers.get('set-cookie') ?? '')?.[1] ?? '';
const open = async (body: object): Promise<{ cookie: string; who: WhoAmI; header: string }> => {
  const answer = await browse<WhoAmI>('POST', '/session', { body });
  expect(answer.status).toBe(201);
  return { cookie: cookieOf(answer), who: answer.body, header: answer.headers.get('set-cookie') ?? '' };
};
const newToken = (body: object): Promise<{ id: string; token: string }> => harness.ok('POST', '/tokens', body);

describe('a session', () => {
  it('is opened with a one-time code, once, and put where no script reads it', async () => {
    const code = await newCode();
    const { cookie, who, header } = await open({ code });
    expect(who).toEqual({ actor: 'admin', role: 'admin', sites: null });
    expect(header).toBe(`takt_session=${cookie}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict`);
    expect(await browse('GET', '/me', { cookie })).toMatchObject({ status: 200, body: who });
    const again = await browse('POST', '/session', { body: { code } });
    expect(again).toMatchObject({ status: 401, body: { code: 'LoginCodeInvalid' } });
    expect(again.headers.get('set-cookie')).toBeNull();
  });

  it('is opened with an API token, and reaches as far as that does', async () => {
    await harness.ok('POST', '/sites', { name: 'north' });
    const { token } = await newToken({ name: 'northerner', role: 'viewer', sites: ['north'] });
    const { cookie, who } = await open({ token: ` ${token}\n` });
    expect(who).toEqual({ actor: 'northerner', role: 'viewer', sites: ['north'] });
    expect(await browse('POST', '/sites', { cookie, body: { name: 'south' }, headers: own })).toMatchObject({
      status: 403,
      body: { code: 'RoleTooLow' },
    });
  });

  it('takes exactly one of code and token, and a token that is one', async () => {
    for (const body of [{}, { code: 'a', token: 'b' }]) expect((await browse('POST', '/session', { body })).status).toBe(400);
    const { cookie } = await open({ code: await newCode() });
    // A session opens no other session, and is no bearer token; a token is no session.
    expect(await browse('POST', '/session', { body: { token: cookie } })).toMatchObject({ status: 401, body: { code: 'TokenInvalid' } });
    expect((await browse('GET', '/me', { headers: { authorization: `Bearer ${cookie}` } })).status).toBe(401);
    expect((await browse('GET', '/me', { cookie: harness.token })).status).toBe(401);
    expect(await browse('POST', '/session', { body: { code: await newCode(), name: 'node:x' } })).toMatchObject({
      status: 422,
      body: { code: 'ActorNameReserved' },
    });
  });

  it('changes nothing without the header of the console, nor for a page of another origin', async () => {
    const { cookie } = await open({ code: await newCode() });
    const make = (name: string, headers: Record<string, string>): Promise<Answer<Problem>> =>
      browse('POST', '/sites', { cookie, body: { name }, headers });
    const refused = { status: 403, body: { code: 'CrossSiteRequest' } };
    expect(await make('one', {})).toMatchObject(refused);
    expect(await make('one', { 'x-takt-console': '0' })).toMatchObject(refused);
    expect(await make('one', { ...own, origin: 'http://127.0.0.1:1' })).toMatchObject(refused);
    expect(await make('one', { ...own, origin: 'null' })).toMatchObject(refused);
    expect(await browse('DELETE', '/session', { cookie })).toMatchObject(refused);
    expect(await browse('PUT', `/artifacts/sha256:${'0'.repeat(64)}`, { cookie, body: {} })).toMatchObject(refused);
    const sites = await browse<{ items: { name: string }[] }>('GET', '/sites', { cookie });
    expect(sites.body.items.map((site) => site.name)).not.toContain('one');
    expect((await make('one', own)).status).toBe(201);
    expect((await make('two', { ...own, origin: harness.controlPlane.url })).status).toBe(201);
    // A bearer token is sent by no browser on its own; it comes first, and needs no header.
    expect((await make('three', { authorization: `Bearer ${harness.token}` })).status).toBe(201);
    expect((await make('four', { ...own, authorization: 'Bearer wrong' })).status).toBe(401);
  });

  it('is not opened for a page of another origin', async () => {
    const code = await newCode();
    expect(await browse('POST', '/session', { body: { code }, headers: { origin: 'http://evil.example' } })).toMatchObject({
      status: 403,
      body: { code: 'CrossSiteRequest' },
    });
    await open({ code });
  });

  it('ends on log-out, and takes the cookie with it', async () => {
    const { cookie } = await open({ code: await newCode() });
    const ended = await browse('DELETE', '/session', { cookie, headers: own });
    expect(ended.status).toBe(204);
    expect(ended.headers.get('set-cookie')).toBe('takt_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict');
    expect(await browse('GET', '/me', { cookie })).toMatchObject({ status: 401, body: { code: 'TokenInvalid' } });
    expect(await harness.call('DELETE', '/session')).toMatchObject({ status: 409, body: { code: 'NoSession' } });
    const { items } = await harness.ok<{ items: EventView[] }>('GET', '/events?limit=20');
    expect(items.map((event) => event.code)).toContain('SessionEnded');
    expect(items.map((event) => event.code)).toContain('SessionOpened');
  });

  it('is listed beside the tokens, and ends with the one it was opened with', async () => {
    const { id, token } = await newToken({ name: 'leaver', role: 'viewer' });
    const [one, two] = [await open({ token }), await open({ token })];
    const listed = async (): Promise<{ id: string; kind: string; actor: string }[]> =>
      (await harness.ok<{ items: { id: string; kind: string; actor: string }[] }>('GET', '/tokens')).items.filter(
        (item) => item.actor === 'leaver',
      );
    expect((await listed()).map((item) => item.kind).sort()).toEqual(['api', 'session', 'session']);
    const [session] = (await listed()).filter((item) => item.kind === 'session');
    expect((await harness.call('DELETE', `/tokens/${session?.id ?? ''}`)).status).toBe(204);
    const alive = async (): Promise<number[]> =>
      Promise.all([one, two].map(async ({ cookie }) => (await browse('GET', '/me', { cookie })).status));
    expect((await alive()).sort()).toEqual([200, 401]);
    await harness.ok('DELETE', `/tokens/${id}`);
    expect(await alive()).toEqual([401, 401]);
    expect(await listed()).toEqual([]);
  });

  it('does not outlive the token it was opened with, nor twelve hours', async () => {
    const seconds = 600;
    const { token } = await newToken({ name: 'guest', role: 'viewer', expiresInDays: seconds / 86_400 });
    const { cookie, header } = await open({ token });
    expect(Number(/Max-Age=(\d+)/.exec(header)?.[1])).toBeLessThanOrEqual(seconds);
    expect((await browse('GET', '/me', { cookie })).status).toBe(200);
    clock.advance(seconds * 1000);
    const late = await browse('GET', '/me', { cookie });
    expect(late).toMatchObject({ status: 401, body: { code: 'TokenInvalid', action: 'log in again' } });
    expect(await browse('POST', '/session', { body: { token } })).toMatchObject({ status: 401, body: { code: 'TokenInvalid' } });

    const { cookie: second } = await open({ code: await newCode() });
    const { db } = harness.controlPlane.parts;
    const { hashSecret } = await import('../src/access/secrets.js');
    const row = await db.stores.access.findToken(hashSecret(second));
    expect((row?.expiresAt?.getTime() ?? 0) - (row?.createdAt.getTime() ?? 0)).toBe(12 * 3_600_000);
    // Swept long after it ended, and the token it came from never.
    expect(await db.stores.access.sweepSessions(new Date(clock.now() + 86_400_000), 100)).toBeGreaterThan(0);
    expect(await db.stores.access.findToken(hashSecret(second))).toBeNull();
    expect(await db.stores.access.findToken(hashSecret(token))).not.toBeNull();
  });

  it('carries the event streams', async () => {
    const { cookie } = await open({ code: await newCode() });
    const abort = new AbortController();
    for (const path of ['/events/stream', '/fleet/stream']) {
      const response = await fetch(`${harness.controlPlane.url}${API_PREFIX}${path}`, {
        headers: { cookie: `takt_session=${cookie}` },
        signal: abort.signal,
      });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toContain('text/event-stream');
    }
    abort.abort();
    expect((await browse('GET', '/events/stream', { cookie: 'takt_session_wrong' })).status).toBe(401);
  });
});

describe('one-time codes', () => {
  it('of the console and of the command line do not end each other', async () => {
    const make = (purpose: 'token' | 'session'): Promise<string> =>
      harness.controlPlane.parts.db.transaction((stores) => issueLoginCode(stores, new Date(clock.now()), purpose));
    const [console, cli, laterCli] = [await make('session'), await make('token'), await make('token')];
    expect((await harness.call('POST', '/login', { code: cli, name: 'tester' }, '')).status).toBe(401);
    expect((await harness.call('POST', '/login', { code: laterCli, name: 'tester' }, '')).status).toBe(201);
    await open({ code: console });
  });

  it('and tokens that are wrong are counted by remote address, with those of the login', async () => {
    const guess = (path: string, body: object): Promise<number> =>
      new Promise((resolve, reject) => {
        const outgoing = request(
          `${harness.controlPlane.url}${API_PREFIX}${path}`,
          { method: 'POST', localAddress: '127.0.0.9', agent: false, headers: { 'content-type': 'application/json' } },
          (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          },
        );
        outgoing.once('error', reject);
        outgoing.end(JSON.stringify(body));
      });
    for (let count = 0; count < 5; count += 1) expect(await guess('/login', { code: 'wrong' })).toBe(401);
    for (let count = 0; count < 8; count += 1) expect(await guess('/session', { code: 'wrong' })).toBe(401);
    for (let count = 0; count < 7; count += 1) expect(await guess('/session', { token: 'wrong' })).toBe(401);
    expect(await guess('/session', { code: await newCode() })).toBe(429);
    expect(await guess('/login', { code: 'wrong' })).toBe(429);
    await open({ code: await newCode() });
  });
});

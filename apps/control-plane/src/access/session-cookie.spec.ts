import { describe, expect, it } from 'vitest';
import { requireOwnOrigin, requireOwnPage, sessionCookie, sessionOf } from './session-cookie.js';

const URL = 'https://takt.example';
const request = (headers: Record<string, string>): { headers: Record<string, string> } => ({ headers });

describe('sessionOf', () => {
  it.each([
    [undefined, undefined],
    ['takt_session=abc', 'abc'],
    ['other=1; takt_session=abc; more=2', 'abc'],
    ['takt_session=', undefined],
    ['xtakt_session=abc', undefined],
    ['takt_session', undefined],
  ])('reads %s', (cookie, secret) => {
    expect(sessionOf(request(cookie === undefined ? {} : { cookie }))).toBe(secret);
  });
});

describe('sessionCookie', () => {
  it('is out of reach of scripts and of other sites, and secure where there is TLS', () => {
    expect(sessionCookie('abc', 60, false)).toBe('takt_session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Strict');
    expect(sessionCookie('abc', 60, true)).toMatch(/; Secure$/);
  });
});

describe('requireOwnPage', () => {
  const own = { 'x-takt-console': '1', host: '127.0.0.1:7080' };

  it.each([
    [own],
    [{ ...own, origin: 'http://127.0.0.1:7080' }],
    // Behind a proxy that rewrites the host.
    [{ ...own, host: 'inner:7080', origin: 'https://takt.example' }],
  ])('lets the console pass: %o', (headers) => {
    expect(() => {
      requireOwnPage(request(headers), URL);
    }).not.toThrow();
  });

  it.each([
    [{ host: '127.0.0.1:7080' }],
    [{ ...own, 'x-takt-console': '0' }],
    [{ ...own, origin: 'http://127.0.0.1:9999' }],
    [{ ...own, origin: 'http://127.0.0.1' }],
    [{ ...own, origin: 'null' }],
    [{ ...own, origin: 'https://takt.example.evil' }],
  ])('refuses another: %o', (headers) => {
    expect(() => {
      requireOwnPage(request(headers), URL);
    }).toThrow(expect.objectContaining({ code: 'CrossSiteRequest' }) as Error);
  });

  it('asks for no header where there is no session yet, but for the origin', () => {
    requireOwnOrigin(request({ host: 'a' }), URL);
    expect(() => {
      requireOwnOrigin(request({ host: 'a', origin: 'http://b' }), URL);
    }).toThrow();
  });
});

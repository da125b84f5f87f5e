import type { IncomingMessage } from 'node:http';
import { refused } from '../errors.js';

const NAME = 'takt_session';
/** Only a script of the console's own origin can set it on a request. */
const CONSOLE_HEADER = 'x-takt-console';

/** What the cookie of the console holds, undefined without one. */
export function sessionOf(request: Pick<IncomingMessage, 'headers'>): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === NAME && value !== undefined && value !== '') return value;
  }
  return undefined;
}

/** `Set-Cookie` of a session; `secure` where people reach the console over TLS. An empty secret with age 0 deletes it. */
export const sessionCookie = (secret: string, maxAgeSeconds: number, secure: boolean): string =>
  [`${NAME}=${secret}`, 'Path=/', `Max-Age=${String(maxAgeSeconds)}`, 'HttpOnly', 'SameSite=Strict', ...(secure ? ['Secure'] : [])].join(
    '; ',
  );

/**
 * A browser adds the cookie to requests of foreign pages of the same site too, so that a change needs proof that the console's
 * own page asks for it.
 *
 * @throws TaktError `CrossSiteRequest`
 */
export function requireOwnPage(request: Pick<IncomingMessage, 'headers'>, publicUrl: string): void {
  if (request.headers[CONSOLE_HEADER] !== '1') throw crossSite(`the call has a session and no header ${CONSOLE_HEADER}`);
  requireOwnOrigin(request, publicUrl);
}

/** Like requireOwnPage, of a call that has no session yet. */
export function requireOwnOrigin(request: Pick<IncomingMessage, 'headers'>, publicUrl: string): void {
  const { origin, host } = request.headers;
  if (origin === undefined) return;
  const from = hostOf(origin);
  if (from !== undefined && (from === host?.toLowerCase() || from === hostOf(publicUrl))) return;
  throw crossSite(`the call comes from a page of ${origin}`);
}

const hostOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).host : undefined);

const crossSite = (message: string): ReturnType<typeof refused> =>
  refused('CrossSiteRequest', message, 'use the console at its own address, or a bearer token');

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ConsoleFile, ConsoleFiles } from './console-files.js';
import { missingPage } from './missing-page.js';

/** The component library writes its variables into a style element, and charts place their parts by style attributes. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};
const ASSETS = '/assets/';
/** Names that hold a hash of their content: `index-B4x9_aZ1.js`. */
const HASHED = /^\/assets\/.+-[\w-]{8}\.\w+$/;

type Next = (error?: unknown) => void;

/**
 * Serves the console at `/`: its files, and its first page for every other page that a browser asks for, since the console
 * itself decides what is shown there. Everything below `/api` is left to the API, and so is what is not asked for by a browser.
 */
export const serveConsole =
  (files: ConsoleFiles) =>
  (request: IncomingMessage, response: ServerResponse, next: Next): void => {
    const path = pathOf(request);
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (!reads || path === undefined || path === '/api' || path.startsWith('/api/')) {
      next();
      return;
    }
    answer(files, request, response, path).then((answered) => {
      if (!answered) next();
    }, next);
  };

async function answer(files: ConsoleFiles, request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
  const file = path === '/' || path === '/index.html' ? undefined : await files.find(path);
  if (file !== undefined) {
    send(request, response, file, HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
    return true;
  }
  const page = path === '/' || path === '/index.html' || request.headers.accept?.includes('text/html') === true;
  if (!page || path.startsWith(ASSETS)) return false;
  const index = await files.index();
  if (index === undefined) {
    response.writeHead(404, { ...HEADERS, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    response.end(request.method === 'HEAD' ? undefined : missingPage);
  } else send(request, response, index, 'no-cache');
  return true;
}

function send(request: IncomingMessage, response: ServerResponse, file: ConsoleFile, cacheControl: string): void {
  const gzipped = /\bgzip\b/.test(request.headers['accept-encoding']?.toString() ?? '') ? file.gzipped : undefined;
  const headers = { ...HEADERS, 'cache-control': cacheControl, etag: file.etag, vary: 'accept-encoding' };
  if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  const body = gzipped ?? file.bytes;
  response.writeHead(200, {
    ...headers,
    'content-type': file.type,
    'content-length': body.length,
    ...(gzipped === undefined ? {} : { 'content-encoding': 'gzip' }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Undefined for what is no path: it is nothing of the console. */
function pathOf(request: IncomingMessage): string | undefined {
  try {
    return decodeURIComponent((request.url ?? '/').split('?', 1)[0] ?? '/');
  } catch {
    return undefined;
  }
}

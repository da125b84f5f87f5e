import type { ServerResponse } from 'node:http';
import type { Problem } from '@takt/contracts';
import { isPlainLine, isPlainText, printableLine } from '@takt/kernel';
import type { TaktRequest } from './context.js';
import { InvalidRequest } from './problem.js';

/** Longest address that is looked at, characters: a name has at most some hundreds. */
const MAX_URL = 8_192;
/** Nesting of a body that is looked into; no message of the API comes near. */
const MAX_DEPTH = 32;
/** Faults that one answer lists. */
const MAX_ISSUES = 20;

const HOLDS_CONTROLS = 'holds a control character, half a surrogate pair or a mark that turns the direction of text';

/** What no request may hold, wherever it is: PostgreSQL refuses some of it, and a terminal obeys the rest. */
export function requestFaults(url: string, body: unknown): Problem['issues'] {
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  if (url.length > MAX_URL) return [{ path: 'url', message: `is longer than ${String(MAX_URL)} characters` }];
  const issues: Problem['issues'] = [];
  const decoded = decode(path);
  if (decoded === undefined) issues.push({ path: 'url', message: 'is not percent-encoded UTF-8' });
  else if (!isPlainLine(decoded)) issues.push({ path: 'url', message: HOLDS_CONTROLS });
  for (const part of query.split('&').filter((each) => each !== '')) {
    const [name = '', value = ''] = part.split(/=(.*)/s).map((text) => decode(text.replaceAll('+', ' ')));
    const key = printableLine(name).slice(0, 100);
    if (part.split(/=(.*)/s).some((text) => decode(text) === undefined))
      issues.push({ path: key, message: 'is not percent-encoded UTF-8' });
    else if (!isPlainLine(name) || !isPlainLine(value)) issues.push({ path: key, message: HOLDS_CONTROLS });
  }
  issues.push(...bodyFaults(body));
  return issues.slice(0, MAX_ISSUES);
}

/** Line feeds and tabs pass here: the schemas say which fields may have several lines. */
function bodyFaults(body: unknown): Problem['issues'] {
  const issues: Problem['issues'] = [];
  let level: (readonly [path: string, value: unknown])[] = [['', body]];
  for (let depth = 0; level.length > 0 && issues.length < MAX_ISSUES; depth += 1) {
    if (depth > MAX_DEPTH) return [...issues, { path: '', message: `is nested deeper than ${String(MAX_DEPTH)} levels` }];
    for (const [path, value] of level) if (typeof value === 'string' && !isPlainText(value)) issues.push({ path, message: HOLDS_CONTROLS });
    level = level.flatMap(([path, value]) => {
      if (typeof value !== 'object' || value === null) return [];
      return Object.entries(value).map(([key, inner]) => {
        const at = `${path}${path === '' ? '' : '.'}${printableLine(key).slice(0, 100)}`;
        if (!isPlainText(key)) issues.push({ path: at, message: HOLDS_CONTROLS });
        return [at, inner] as const;
      });
    });
  }
  return issues;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Runs before any route. @throws InvalidRequest */
export function plainRequestsOnly(request: TaktRequest & { readonly body?: unknown }, _response: ServerResponse, next: () => void): void {
  const issues = requestFaults(request.originalUrl, request.body);
  if (issues.length > 0) throw new InvalidRequest(issues);
  next();
}

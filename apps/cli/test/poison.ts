import { apiRoutes } from '@takt/contracts';
import type { ApiRoute, ApiRouteName } from '@takt/contracts';
import type { Handlers } from './contract-server.js';

/** Escape sequence, link, C1, override of direction, carriage return and half a surrogate pair: what a hostile node may say. */
export const HOSTILE = 'x\u001B[2J\u001B]8;;http://evil\u0007y\u009B2J\u202Ez\r\ud800';
/** Lines that a message would like to be taken for takt's own. */
const FORGED = '\n\ttakt: all is well\r\n';
/** What must not reach a terminal. */
export const RAW = /(?!\n)[\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]/u;

type Holder = Record<string, unknown>;

/** The answer with the hostile text in every place where its schema takes any text. */
function poisoned(route: ApiRoute, reply: unknown): unknown {
  const { response } = route;
  if (typeof response === 'string') return reply;
  const copy = structuredClone(reply);
  const visit = (holder: Holder): void => {
    for (const [key, value] of Object.entries(holder)) {
      if (typeof value === 'object' && value !== null) visit(value as Holder);
      if (typeof value !== 'string') continue;
      // The worst that the schema takes.
      for (const text of [`${HOSTILE}${FORGED}`, HOSTILE, FORGED, '']) {
        holder[key] = text === '' ? value : `${value} ${text}`;
        if (response.safeParse(copy).success) break;
      }
    }
  };
  visit(copy as Holder);
  return copy;
}

export const poisonedHandlers = (handlers: Handlers): Handlers =>
  Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => [
      name,
      (...args: Parameters<typeof handler>) => poisoned(apiRoutes[name as ApiRouteName], handler(...args)),
    ]),
  );

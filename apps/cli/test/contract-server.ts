import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { API_PREFIX, apiRoutes } from '@takt/contracts';
import type { ApiRoute, ApiRouteName } from '@takt/contracts';

export interface Request {
  readonly name: ApiRouteName;
  readonly params: Record<string, string>;
  readonly query: Record<string, unknown>;
  readonly body: unknown;
  readonly bytes: number;
  readonly token: string | undefined;
}
export type Handlers = Partial<Record<ApiRouteName, (request: Request, response: ServerResponse) => unknown>>;

/** A problem document as an answer. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
  document(): Record<string, unknown> {
    const { status, code, message } = this;
    return {
      type: 'about:blank',
      title: code,
      status,
      detail: message,
      code,
      action: 'do the next thing',
      object: null,
      requestId: 'r',
      retryable: false,
      issues: [],
    };
  }
}

export interface ContractServer {
  readonly url: string;
  readonly requests: Request[];
  stop(): Promise<void>;
}

const segments = (path: string): string[] => path.split('/').filter((part) => part !== '');

function match(method: string, path: string): { name: ApiRouteName; params: Record<string, string> } | undefined {
  const given = segments(path);
  for (const [name, route] of Object.entries(apiRoutes)) {
    const wanted = segments(API_PREFIX + route.path);
    if (route.method !== method || wanted.length !== given.length) continue;
    const params: Record<string, string> = {};
    const fits = wanted.every((part, index) => {
      const value = decodeURIComponent(given[index] ?? '');
      if (part.startsWith(':')) params[part.slice(1)] = value;
      return part.startsWith(':') || part === value;
    });
    if (fits) return { name: name as ApiRouteName, params };
  }
  return undefined;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * A real HTTP server over the route table: requests must pass the routes' schemas, and so must every answer. What the
 * routes answer is given by the test.
 */
export async function startContractServer(handlers: Handlers): Promise<ContractServer> {
  const requests: Request[] = [];

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const found = match(request.method ?? '', url.pathname);
    const handler = found === undefined ? undefined : handlers[found.name];
    const raw = await readBody(request);
    if (found === undefined || handler === undefined) throw new Refusal(404, 'RouteUnknown', `nothing at ${url.pathname}`);
    const route: ApiRoute = apiRoutes[found.name];
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (route.access !== 'public' && token !== 'good-token') throw new Refusal(401, 'TokenUnknown', 'the token is not known');
    route.params?.parse(found.params);
    const query = route.query?.parse(Object.fromEntries(url.searchParams)) ?? {};
    const body = route.body === undefined || route.body === 'bytes' ? undefined : route.body.parse(JSON.parse(raw.toString()));
    const seen: Request = { name: found.name, params: found.params, query, body, bytes: raw.length, token };
    requests.push(seen);
    const reply = await handler(seen, response);
    if (typeof route.response === 'string') return;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(route.response.parse(reply)));
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((thrown: unknown) => {
      const refusal = thrown instanceof Refusal ? thrown : new Refusal(500, 'TestServerFailed', String(thrown));
      response.writeHead(refusal.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(refusal.document()));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    requests,
    stop: () => {
      server.closeAllConnections();
      return new Promise((done) =>
        server.close(() => {
          done();
        }),
      );
    },
  };
}

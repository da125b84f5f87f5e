import { apiRoutes } from '@takt/contracts';
import type { ApiRoute, ArtifactRef } from '@takt/contracts';
import { followEvents } from './follow-events.js';
import type { EventNotification, FollowOptions } from './follow-events.js';
import { parseJson, schemaError } from './reply-error.js';
import type { CallArguments, JsonRouteName, RouteReply } from './route-types.js';
import { parseBaseUrl, routeUrl } from './route-url.js';
import { createTransport } from './transport.js';
import type { Fetch } from './transport.js';
import { uploadFile } from './upload-file.js';
import type { UploadOptions } from './upload-file.js';

export interface ApiClientOptions {
  /** Address of the control plane, without `/api/v1`. */
  readonly baseUrl: string;
  /** Bearer token; without one only public routes answer. */
  readonly token?: string | undefined;
  /** `globalThis.fetch` where it is left out. */
  readonly fetch?: Fetch;
  /** Milliseconds per call; default 30 000. Uploads and event streams have no limit of their own. */
  readonly timeoutMs?: number;
}

/** The control plane's HTTP API, typed by the route table. Every method throws TaktError and nothing else. */
export interface ApiClient {
  readonly origin: string;
  /** Calls one route; input and answer have the types of its schemas, and the answer has been parsed by them. */
  call<N extends JsonRouteName>(route: N, ...args: CallArguments<N>): Promise<RouteReply<N>>;
  /** Streams a file into the artifact store; the server checks the digest that is computed here first. */
  uploadFile(path: string, options?: UploadOptions): Promise<ArtifactRef>;
  /** What happens, as it happens; resumes after the last event seen when the connection is lost. */
  events(options?: FollowOptions): AsyncGenerator<EventNotification, void, undefined>;
}

interface AnyInput {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

export function createApiClient(options: ApiClientOptions): ApiClient {
  const base = parseBaseUrl(options.baseUrl);
  const transport = createTransport(options.fetch ?? globalThis.fetch, options.token);

  return {
    origin: base.origin,

    async call<N extends JsonRouteName>(name: N, ...args: CallArguments<N>): Promise<RouteReply<N>> {
      const [input = {}, callOptions = {}] = args as [AnyInput?, { signal?: AbortSignal; timeoutMs?: number }?];
      const route: ApiRoute = apiRoutes[name];
      const url = routeUrl(base, route, input.params, input.query);
      return transport.send(
        {
          route,
          url,
          signal: callOptions.signal,
          timeoutMs: callOptions.timeoutMs ?? options.timeoutMs ?? 30_000,
          ...(input.body === undefined ? {} : { body: JSON.stringify(input.body), headers: { 'content-type': 'application/json' } }),
        },
        async (reply) => (await readReply(route, url, reply)) as RouteReply<N>,
      );
    },

    uploadFile: (path, uploadOptions = {}) => uploadFile({ transport, base }, path, uploadOptions),

    events: (followOptions = {}) => followEvents({ transport, base }, followOptions),
  };
}

async function readReply(route: ApiRoute, url: URL, reply: Response): Promise<unknown> {
  const text = await reply.text();
  if (typeof route.response === 'string') return undefined;
  const parsed = route.response.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw schemaError(url, issue === undefined ? 'not readable' : `${issue.path.join('.') || 'the answer'}: ${issue.message}`);
}

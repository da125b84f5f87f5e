import { apiRoutes, artifactRefSchema } from '@takt/contracts';
import type { ApiRoute, ArtifactRef, UploadPurpose } from '@takt/contracts';
import type { Digest } from '@takt/kernel';
import { followEvents } from './follow-events.js';
import type { EventNotification, FollowOptions } from './follow-events.js';
import { followFleet } from './follow-fleet.js';
import type { FleetNotification } from './follow-fleet.js';
import type { StreamOptions } from './follow-stream.js';
import { parseJson, schemaError } from './reply-error.js';
import type { CallArguments, JsonRouteName, RouteReply } from './route-types.js';
import { parseBaseUrl, routeUrl } from './route-url.js';
import { createTransport } from './transport.js';
import type { Fetch } from './transport.js';

export interface ApiClientOptions {
  /** Address of the control plane, without `/api/v1`. */
  readonly baseUrl: string;
  /** Bearer token; without one only public routes answer, and in a browser what the session's cookie allows. */
  readonly token?: string | undefined;
  /** Sent with every call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** `globalThis.fetch` where it is left out. */
  readonly fetch?: Fetch;
  /** Milliseconds per call; default 30 000. Uploads and event streams have no limit of their own. */
  readonly timeoutMs?: number;
}

/** A file whose digest is known before it is sent: the server refuses bytes that changed on the way. */
export interface ArtifactContent {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly fileName: string;
  readonly as?: UploadPurpose;
  readonly body: Blob | ReadableStream<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The control plane's HTTP API, typed by the route table; runs in Node.js and in browsers. Every method throws TaktError
 * and nothing else. Files on disk are sent by `uploadFile` of `@takt/api-client/node`.
 */
export interface ApiClient {
  readonly origin: string;
  /** Calls one route; input and answer have the types of its schemas, and the answer has been parsed by them. */
  call<N extends JsonRouteName>(route: N, ...args: CallArguments<N>): Promise<RouteReply<N>>;
  /** Sends a file into the artifact store. */
  putArtifact(content: ArtifactContent): Promise<ArtifactRef>;
  /** What happens, as it happens; resumes after the last event seen when the connection is lost. */
  events(options?: FollowOptions): AsyncGenerator<EventNotification, void, undefined>;
  /** Live figures of every slot, every few seconds; begins anew when the connection is lost. */
  fleet(options?: StreamOptions): AsyncGenerator<FleetNotification, void, undefined>;
}

interface AnyInput {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

export function createApiClient(options: ApiClientOptions): ApiClient {
  const base = parseBaseUrl(options.baseUrl);
  const transport = createTransport(options.fetch ?? globalThis.fetch, options.token, options.headers);

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

    async putArtifact({ digest, sizeBytes, fileName, as, body, signal }: ArtifactContent): Promise<ArtifactRef> {
      const route = apiRoutes.putArtifact;
      const url = routeUrl(base, route, { digest }, { fileName, as });
      const headers = { 'content-type': 'application/octet-stream', 'content-length': String(sizeBytes) };
      return transport.send({ route, url, body, signal, timeoutMs: null, headers }, async (reply) => {
        const parsed = artifactRefSchema.safeParse(await reply.json());
        if (!parsed.success) throw schemaError(url, 'no artifact reference');
        return parsed.data;
      });
    },

    events: (followOptions = {}) => followEvents({ transport, base }, followOptions),

    fleet: (followOptions = {}) => followFleet({ transport, base }, followOptions),
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

import type { ApiRouteName, ApiRoutes } from '@takt/contracts';
import type { z } from 'zod';

/** Routes that take JSON (or nothing) and answer JSON (or nothing); files and event streams have calls of their own. */
export type JsonRouteName = {
  [N in ApiRouteName]: ApiRoutes[N] extends { response: 'bytes' | 'events' } | { body: 'bytes' } ? never : N;
}[ApiRouteName];

type ParamsOf<R> = R extends { params: infer P extends z.ZodType } ? { params: z.input<P> } : { params?: never };

/** Query values are given as they mean, not as text; each is optional, because the server has the defaults. */
type QueryOf<R> = R extends { query: infer Q extends z.ZodType }
  ? { query?: { [K in keyof z.output<Q>]?: z.output<Q>[K] | undefined } }
  : { query?: never };

type BodyOf<R> = R extends { body: infer B extends z.ZodType } ? { body: z.input<B> } : { body?: never };

/** What a call of one route needs, as its schemas say. */
export type RouteInput<N extends JsonRouteName> = ParamsOf<ApiRoutes[N]> & QueryOf<ApiRoutes[N]> & BodyOf<ApiRoutes[N]>;

/** What one route answers, after its schema has parsed it; undefined where the route answers nothing. */
export type RouteReply<N extends JsonRouteName> = ApiRoutes[N] extends { response: infer S extends z.ZodType } ? z.output<S> : undefined;

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the call is given up; the client's own where it is left out. */
  readonly timeoutMs?: number | undefined;
}

/** The input may be left out where the route asks for nothing. */
export type CallArguments<N extends JsonRouteName> =
  Record<never, never> extends RouteInput<N>
    ? [input?: RouteInput<N>, options?: CallOptions]
    : [input: RouteInput<N>, options?: CallOptions];

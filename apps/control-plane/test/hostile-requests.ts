import { API_PREFIX } from '@takt/contracts';
import type { ApiRoute } from '@takt/contracts';
import { z } from 'zod';

export interface HostileRequest {
  readonly path: string;
  readonly init: { readonly method: string; readonly headers: Record<string, string>; readonly body?: string | Buffer };
}

type Json = Record<string, unknown>;

const TEXTS = [
  'a\0b',
  'a\u001b[2Jb',
  '\u009b2J',
  'a\u202eb',
  'a\ud800b',
  '\udc00',
  'x'.repeat(20_000),
  '',
  '__proto__',
  "'; DROP TABLE nodes--",
];
const VALUES = [2 ** 31, -1, 2 ** 53, 1e300, 0.5, null, true, [], {}, [[[[[[]]]]]], '99999999999999999999', '٣'];
const ID = '7b0f2c3e-0d5a-4a7e-9f43-1f2f6f1c2d3e';
const EXAMPLES = [ID, `sha256:${'0'.repeat(64)}`, `U${'A'.repeat(55)}`, 'a', '1', '2026-01-01T00:00:00.000Z'];

/** A value that a JSON schema takes, every optional member included. */
function sample(schema: Json): unknown {
  const options = (schema['anyOf'] ?? schema['oneOf']) as Json[] | undefined;
  if (options !== undefined) return sample(options.find((option) => option['type'] !== 'null') ?? {});
  if (schema['const'] !== undefined) return schema['const'];
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  switch (schema['type']) {
    case 'object':
      return Object.fromEntries(Object.entries((schema['properties'] ?? {}) as Record<string, Json>).map(([key, of]) => [key, sample(of)]));
    case 'array':
      return [sample((schema['items'] ?? {}) as Json)];
    case 'integer':
    case 'number':
      return Math.max(1, Number(schema['minimum'] ?? 1));
    case 'boolean':
      return true;
    default:
      return EXAMPLES.find((text) => new RegExp(String(schema['pattern'] ?? '')).test(text)) ?? 'a';
  }
}

const sampleOf = (schema: z.ZodType): Json => sample(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })) as Json;

/** The document with a hostile value in each place in turn, and with hostile keys. */
function* spoiled(valid: unknown, values: readonly unknown[]): Generator<unknown> {
  yield* values;
  if (typeof valid !== 'object' || valid === null) return;
  for (const [key, inner] of Object.entries(valid)) {
    for (const value of spoiled(inner, values))
      yield Array.isArray(valid) ? Object.assign([...(valid as unknown[])], { [key]: value }) : { ...valid, [key]: value };
  }
  if (!Array.isArray(valid)) yield { ...valid, 'a\0b': 1, 'a\u001b[2J': { '\ud800': 1 } };
}

const escape = (text: string): string => encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd'));
const pathOf = (route: ApiRoute, value: string): string => `${API_PREFIX}${route.path.replace(/:\w+/g, value)}`;
const valid = (route: ApiRoute): string => (route.params === undefined ? '' : String(Object.values(sampleOf(route.params))[0]));

/** Requests of one route that no client of ours sends: each bad in one place, in path, query, headers or body. */
export function* hostileRequests(route: ApiRoute): Generator<HostileRequest> {
  const { method } = route;
  const json = { 'content-type': 'application/json' };
  const hasBody = route.body !== undefined && method !== 'GET';
  const body: unknown = hasBody && route.body !== 'bytes' ? sampleOf(route.body) : undefined;
  const plain = { method, headers: json, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const path = pathOf(route, escape(valid(route)));
  yield { path, init: plain };
  if (route.params !== undefined) {
    for (const text of [...TEXTS, '..', ID.toUpperCase(), `a@b@c/${'d/'.repeat(50)}`].filter((each) => each.length < 10_000))
      yield { path: pathOf(route, escape(text)), init: plain };
    for (const raw of ['%', '%00', '%zz', '%c0%af', '%ed%a0%80', '%ff']) yield { path: pathOf(route, raw), init: plain };
  }
  for (const key of [...Object.keys(route.query?.shape ?? {}), 'grant', '__proto__']) {
    for (const text of [...TEXTS.filter((each) => each.length < 10_000), '-1', '1e9', '99999999999999999999', 'NaN'])
      yield { path: `${path}?${key}=${escape(text)}`, init: plain };
    for (const raw of [`${key}=%00`, `${key}=%`, `${key}[a]=b`, `${key}=1&${key}=2`]) yield { path: `${path}?${raw}`, init: plain };
  }
  // Bodies come with the same headers.
  for (const header of hasBody ? [] : ['last-event-id', 'authorization', 'cookie', 'range', 'x-forwarded-for']) {
    for (const value of ['\u009b2J', '-1', '1e300', '99999999999999999999', 'bytes=9-1,a', 'Bearer', 'takt_session=%00'])
      yield { path, init: { ...plain, headers: { ...json, [header]: value } } };
  }
  if (!hasBody) return;
  for (const raw of ['{', '', '"', 'null', '[]', '1e999', '{"__proto__":{"a":1}}', '['.repeat(50_000), '\uffff', '{"a":'.repeat(20_000)])
    yield { path, init: { ...plain, body: raw } };
  for (const type of ['text/plain', 'application/json; charset=utf-7', 'application/json; charset=\u00e9', '', 'multipart/form-data'])
    yield { path, init: { ...plain, body: JSON.stringify(body ?? {}), headers: { 'content-type': type } } };
  yield { path, init: { ...plain, body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]) } };
  yield { path, init: { ...plain, body: 'not gzip', headers: { ...json, 'content-encoding': 'gzip' } } };
  yield { path, init: { ...plain, body: '{}', headers: { ...json, 'content-encoding': 'rot13' } } };
  if (body !== undefined)
    for (const document of spoiled(body, [...TEXTS, ...VALUES])) yield { path, init: { ...plain, body: JSON.stringify(document) } };
}

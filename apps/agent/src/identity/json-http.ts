import { request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { taktErrorSchema } from '@takt/contracts';
import { TaktError } from '@takt/kernel';

export interface JsonReply {
  readonly status: number;
  readonly body: unknown;
}

const MAX_BYTES = 4 * 1024 * 1024;

/** Sends JSON and reads JSON over `node:http(s)`, or over a Unix socket with `options.socketPath`. Rejects when it cannot. */
export async function jsonCall(
  url: URL,
  method: string,
  body: unknown,
  timeoutMs: number,
  options: RequestOptions = {},
): Promise<JsonReply> {
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(url, {
      method,
      agent: false,
      headers: {
        accept: 'application/json',
        ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.byteLength }),
      },
      signal: AbortSignal.timeout(timeoutMs),
      ...options,
    });
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    outgoing.end(payload);
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Buffer).byteLength;
    if (size > MAX_BYTES) throw new Error(`the answer is larger than ${String(MAX_BYTES)} bytes`);
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  let value: unknown;
  try {
    value = text === '' ? null : JSON.parse(text);
  } catch {
    value = text;
  }
  return { status: response.statusCode ?? 0, body: value };
}

/** A refusal as the error it carries: problem+json has a TaktErrorData's members, `detail` for its message. */
export function refusalOf(reply: JsonReply, fallback: { readonly code: string; readonly action: string }): TaktError {
  const body: Record<string, unknown> =
    typeof reply.body === 'object' && reply.body !== null ? (reply.body as Record<string, unknown>) : {};
  const parsed = taktErrorSchema.safeParse({ message: body['detail'], retryable: reply.status >= 500, ...body });
  if (parsed.success) return TaktError.fromData(parsed.data);
  const detail = typeof body['detail'] === 'string' ? body['detail'] : JSON.stringify(reply.body).slice(0, 300);
  return new TaktError({
    ...fallback,
    message: `it answered ${String(reply.status)}: ${detail}`,
    component: 'agent',
    retryable: reply.status >= 500,
  });
}

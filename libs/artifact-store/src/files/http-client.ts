import { createReadStream } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';

export interface HttpCall {
  readonly url: string;
  readonly method: 'GET' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  /** File sent as the body. */
  readonly bodyFile?: { readonly path: string; readonly sizeBytes: number };
  /** Silence on the connection after which the call is given up, ms. */
  readonly idleTimeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** One HTTP call over `node:http`: `fetch` costs the agent 10 MiB of memory that it has no use for. */
export async function httpCall(call: HttpCall): Promise<IncomingMessage> {
  const url = new URL(call.url);
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const options: RequestOptions = {
    method: call.method,
    headers: { ...call.headers, ...(call.bodyFile === undefined ? {} : { 'content-length': call.bodyFile.sizeBytes }) },
    agent: false,
    // From the first attempt to connect on; `setTimeout` below starts with the connection.
    timeout: call.idleTimeoutMs,
    ...(call.signal === undefined ? {} : { signal: call.signal }),
  };
  const outgoing = request(url, options);
  outgoing.setTimeout(call.idleTimeoutMs, () => {
    outgoing.destroy(new Error(`no data for ${String(call.idleTimeoutMs / 1000)} s`));
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
  if (call.bodyFile === undefined) {
    outgoing.end();
    return answered;
  }
  // A refusal may arrive before the body is sent whole; then the answer counts, not the broken pipe.
  const [response, sent] = await Promise.allSettled([answered, pipeline(createReadStream(call.bodyFile.path), outgoing)]);
  if (response.status === 'fulfilled') return response.value;
  throw sent.status === 'rejected' ? sent.reason : response.reason;
}

/** Beginning of a response body as text, for error messages. */
export async function bodyText(response: IncomingMessage, most = 16_384): Promise<string> {
  let text = '';
  for await (const chunk of response) {
    text += String(chunk as Buffer);
    if (text.length >= most) break;
  }
  return text.slice(0, most);
}

import type { ServerResponse } from 'node:http';

/** Aborts when the connection of a request is closed, and when its answer has been sent. */
export function closedSignal(response: ServerResponse): AbortSignal {
  const closed = new AbortController();
  if (response.closed) closed.abort();
  else
    response.once('close', () => {
      closed.abort();
    });
  return closed.signal;
}

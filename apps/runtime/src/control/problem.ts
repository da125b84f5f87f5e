import type { ServerResponse } from 'node:http';
import type { TaktError } from '@takt/kernel';

/** HTTP status of the codes that a control request can end in; anything else is this program's fault. */
const STATUS: Readonly<Record<string, number>> = {
  RequestInvalid: 400,
  RouteUnknown: 404,
  BodyTooLarge: 413,
  LineSlugMismatch: 409,
  LineNotAssigned: 409,
  NothingToRollBackTo: 409,
  FrameSourceNotLocal: 422,
  ImageFolderEmpty: 422,
  ImageFolderUnreadable: 422,
  ImageFolderTooLarge: 422,
  SourceUnreadable: 422,
  SourceNotAnswering: 503,
  RuntimeStopping: 503,
};

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** RFC 9457 problem details, with the members of a TaktErrorData. */
export function sendProblem(response: ServerResponse, error: TaktError): void {
  const status = STATUS[error.code] ?? 500;
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ type: 'about:blank', title: error.code, status, detail: error.message, ...error.toData() }));
}

import type { ServerResponse } from 'node:http';
import { refused } from '../errors.js';
import { carriesFile } from './carries-file.js';
import type { TaktRequest } from './context.js';
import { problemOf } from './problem.js';

const REQUEST_TIMEOUT = 408;

/**
 * Refuses a body that takes longer than `limitMs` to arrive, however it trickles. Files are excepted: they may take as long as they
 * take, and the connection's own limit on silence ends those that stall.
 */
export const limitBody =
  (limitMs: number) =>
  (request: TaktRequest, response: ServerResponse, next: () => void): void => {
    if (carriesFile(request)) {
      next();
      return;
    }
    const timer = setTimeout(() => {
      if (request.complete) return;
      const error = refused(
        'RequestTooSlow',
        `the body of ${request.method ?? 'GET'} ${request.originalUrl} did not arrive within ${String(limitMs / 1000)} s`,
        'check the connection, and try again',
      );
      if (!response.headersSent) response.writeHead(REQUEST_TIMEOUT, { 'content-type': 'application/problem+json', connection: 'close' });
      response.end(JSON.stringify(problemOf(error, REQUEST_TIMEOUT, request.taktRequestId ?? '')), () => {
        request.destroy();
      });
    }, limitMs);
    response.once('close', () => {
      clearTimeout(timer);
    });
    next();
  };

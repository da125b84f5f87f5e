import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { LogField } from '@takt/kernel';
import type { Logger } from '@takt/kernel';
import type { TaktRequest } from './context.js';
import { problemOf, toTaktError } from './problem.js';

/** Every error of the API leaves as problem+json with a code and an action; causes go to the log only. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw thrown;
    const request = host.switchToHttp().getRequest<TaktRequest>();
    const response = host.switchToHttp().getResponse<ServerResponse>();
    const { error, status } = toTaktError(thrown);
    const requestId = request.taktRequestId ?? '';
    if (status >= 500) {
      this.logger.error('request failed', {
        [LogField.requestId]: requestId,
        [LogField.code]: error.code,
        [LogField.error]: error.cause ?? error,
      });
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // An upload that is refused early is still arriving: the connection cannot be used for another request.
    if (!request.complete) response.setHeader('connection', 'close');
    response.writeHead(status, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify(problemOf(error, status, requestId)));
  }
}

import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import { API_PREFIX } from '@takt/contracts';
import { ConsoleFiles } from '../console/console-files.js';
import { serveConsole } from '../console/serve-console.js';
import { carriesFile } from '../http/carries-file.js';
import type { TaktRequest } from '../http/context.js';
import { refused } from '../errors.js';
import { limitBody } from '../http/limit-body.js';
import { plainRequestsOnly } from '../http/plain-request.js';
import { openApiDocument } from '../http/openapi.js';
import { problemOf } from '../http/problem.js';
import { VERSION } from '../version.js';
import { AppModule } from './app-module.js';
import { nestLogger } from './nest-logger.js';
import type { Parts } from './parts.js';

const BODY_LIMIT = '1mb';
/** An upload may take long; what may not is to send no byte. */
const SOCKET_IDLE_MS = 120_000;
const HEADERS_MS = 30_000;

function noSuchRoute(request: TaktRequest, response: ServerResponse): void {
  const error = refused(
    'NoSuchRoute',
    `there is nothing at ${request.method ?? 'GET'} ${request.originalUrl}`,
    'see /api/docs for the calls there are',
  );
  response.writeHead(404, { 'content-type': 'application/problem+json', ...(request.complete ? {} : { connection: 'close' }) });
  response.end(JSON.stringify(problemOf(error, 404, request.taktRequestId ?? '')));
}

const isJsonMessage = (request: IncomingMessage): boolean =>
  /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '') && !carriesFile(request);

/** The HTTP side, wired and not yet listening. */
export async function createHttpApp(parts: Parts): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.of(parts), {
    bodyParser: false,
    logger: nestLogger(parts.logger),
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.use((request: TaktRequest, response: ServerResponse, next: () => void) => {
    request.taktRequestId = randomUUID();
    response.setHeader('x-request-id', request.taktRequestId);
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('x-frame-options', 'DENY');
    next();
  });
  app.use(limitBody(parts.config.bodyMs));
  app.use(serveConsole(new ConsoleFiles(parts.config.consoleDir)));
  // The bytes of a file are a stream, whatever type they are sent as.
  app.useBodyParser('json', { limit: BODY_LIMIT, type: isJsonMessage });
  app.use(plainRequestsOnly);
  app.setGlobalPrefix(API_PREFIX);
  SwaggerModule.setup('api/docs', app, openApiDocument(VERSION), { jsonDocumentUrl: 'api/openapi.json', customSiteTitle: 'takt API' });
  const server = app.getHttpServer();
  // Of the whole request: files have none, all others `limitBody`.
  server.requestTimeout = 0;
  server.headersTimeout = HEADERS_MS;
  server.setTimeout(SOCKET_IDLE_MS);
  await app.init();
  // Last: Nest answers for what is below its prefix only.
  app.use(noSuchRoute);
  return app;
}

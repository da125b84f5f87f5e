import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import { API_PREFIX } from '@takt/contracts';
import type { TaktRequest } from '../http/context.js';
import { openApiDocument } from '../http/openapi.js';
import { VERSION } from '../version.js';
import { AppModule } from './app-module.js';
import { nestLogger } from './nest-logger.js';
import type { Parts } from './parts.js';

const BODY_LIMIT = '1mb';
/** An upload may take long; what may not is to send no byte. */
const SOCKET_IDLE_MS = 120_000;

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
    next();
  });
  app.useBodyParser('json', { limit: BODY_LIMIT });
  app.setGlobalPrefix(API_PREFIX);
  SwaggerModule.setup('api/docs', app, openApiDocument(VERSION), { jsonDocumentUrl: 'api/openapi.json', customSiteTitle: 'takt API' });
  const server = app.getHttpServer();
  server.requestTimeout = 0;
  server.setTimeout(SOCKET_IDLE_MS);
  return app;
}

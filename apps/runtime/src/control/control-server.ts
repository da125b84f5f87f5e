import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { chmod } from 'node:fs/promises';
import { activationSchema, lineAssignmentSchema } from '@takt/contracts';
import type { Activation, LineAssignment, RuntimeStatus } from '@takt/contracts';
import { answersOn, removeStaleSocket, socketAddress } from '@takt/durable-fs';
import { TaktError } from '@takt/kernel';
import type { z } from 'zod';
import { sendJson, sendProblem } from './problem.js';

const MAX_BODY_BYTES = 1024 * 1024;

/** What the control socket can ask of the runtime. Each rejects with a TaktError. */
export interface ControlActions {
  status(): RuntimeStatus;
  assignLine(line: LineAssignment): Promise<void>;
  activate(activation: Activation): Promise<void>;
  rollBack(): Promise<void>;
}

export interface ControlServer {
  close(): Promise<void>;
}

/**
 * Serves the control socket. A path that is too long for a socket is bound through `/proc/self/fd/<folder>`, and clients of such
 * a path can connect the same way.
 *
 * @throws TaktError `RuntimeAlreadyRunning` when another process answers on the socket; `SocketPathTaken` where something else
 *   than a socket is in its place.
 */
export async function startControlServer(path: string, actions: ControlActions): Promise<ControlServer> {
  const socket = await socketAddress(path);
  try {
    if (await answersOn(socket.address)) throw alreadyRunning(path);
    await removeStaleSocket(path);
    const server = createServer((request, response) => void respond(request, response, actions));
    await listen(server, socket.address);
    await chmod(path, 0o600);
    return {
      close: async () => {
        // libuv removes the socket file when the server closes.
        await new Promise<void>((resolve) => {
          server.close(() => {
            resolve();
          });
          server.closeAllConnections();
        });
        await socket.close();
      },
    };
  } catch (thrown) {
    await socket.close();
    throw thrown;
  }
}

/** Whether a live runtime answers on the socket. The folder must be there. */
export async function isRuntimeRunning(path: string): Promise<boolean> {
  const socket = await socketAddress(path);
  try {
    return await answersOn(socket.address);
  } finally {
    await socket.close();
  }
}

export const alreadyRunning = (path: string): TaktError =>
  new TaktError({
    code: 'RuntimeAlreadyRunning',
    message: `another runtime answers on ${path}`,
    action: 'stop it first; a line is served by one runtime',
    component: 'runtime',
    element: path,
  });

const listen = (server: Server, address: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      server.off('error', reject);
      resolve();
    });
  });

async function respond(request: IncomingMessage, response: ServerResponse, actions: ControlActions): Promise<void> {
  try {
    const route = `${request.method ?? ''} ${request.url ?? ''}`;
    switch (route) {
      case 'GET /v1/status':
        sendJson(response, 200, actions.status());
        return;
      case 'PUT /v1/line':
        await actions.assignLine(await readBody(request, lineAssignmentSchema));
        break;
      case 'PUT /v1/activation':
        await actions.activate(await readBody(request, activationSchema));
        break;
      case 'POST /v1/rollback':
        await actions.rollBack();
        break;
      default:
        throw new TaktError({
          code: 'RouteUnknown',
          message: `the control socket has no ${route}`,
          action: 'use GET /v1/status, PUT /v1/line, PUT /v1/activation or POST /v1/rollback',
        });
    }
    sendJson(response, route === 'PUT /v1/line' ? 200 : 202, actions.status());
  } catch (thrown) {
    sendProblem(response, TaktError.from(thrown, { code: 'RuntimeFailed', action: 'see the log of the line', component: 'runtime' }));
  }
}

async function readBody<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES)
      throw new TaktError({ code: 'BodyTooLarge', message: 'the request body is larger than 1 MiB', action: 'send one document' });
    chunks.push(chunk);
  }
  let document: unknown;
  try {
    document = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (thrown) {
    throw new TaktError({ code: 'RequestInvalid', message: 'the request body is no JSON', action: 'send a JSON document', cause: thrown });
  }
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ');
  throw new TaktError({
    code: 'RequestInvalid',
    message: `the request body does not fit: ${problems}`,
    action: 'send the document that the contract describes',
  });
}

import { join } from 'node:path';
import { runtimeStatusSchema } from '@takt/contracts';
import type { Activation, LineAssignment, RuntimeStatus } from '@takt/contracts';
import { socketAddress } from '@takt/durable-fs';
import { TaktError } from '@takt/kernel';
import { jsonCall, refusalOf } from '../identity/json-http.js';
import type { JsonReply } from '../identity/json-http.js';

const STATUS_TIMEOUT_MS = 2_000;
const CHANGE_TIMEOUT_MS = 15_000;

export const controlSocketPath = (linesFolder: string, slug: string): string => join(linesFolder, slug, 'control.sock');

/** Calls a line's runtime over its control socket. Every call rejects with `RuntimeUnreachable` when nobody answers. */
export class ControlClient {
  readonly #slug: string;
  readonly #path: string;

  constructor(linesFolder: string, slug: string) {
    this.#slug = slug;
    this.#path = controlSocketPath(linesFolder, slug);
  }

  async status(): Promise<RuntimeStatus> {
    return this.#read(await this.#call('GET', '/v1/status', undefined, STATUS_TIMEOUT_MS));
  }

  async assignLine(assignment: LineAssignment): Promise<void> {
    await this.#call('PUT', '/v1/line', assignment, CHANGE_TIMEOUT_MS);
  }

  async activate(activation: Activation): Promise<void> {
    await this.#call('PUT', '/v1/activation', activation, CHANGE_TIMEOUT_MS);
  }

  async rollBack(): Promise<RuntimeStatus> {
    return this.#read(await this.#call('POST', '/v1/rollback', undefined, CHANGE_TIMEOUT_MS));
  }

  #read(reply: JsonReply): RuntimeStatus {
    const parsed = runtimeStatusSchema.safeParse(reply.body);
    if (parsed.success) return parsed.data;
    throw new TaktError({
      code: 'RuntimeAnswerInvalid',
      message: `the runtime of line ${this.#slug} answers something else than its contract: ${parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')}`,
      action: 'run the same takt version of agent and runtime on the node',
      component: 'agent',
      element: this.#slug,
    });
  }

  async #call(method: string, route: string, body: unknown, timeoutMs: number): Promise<JsonReply> {
    const reply = await this.#send(method, route, body, timeoutMs).catch((cause: unknown) => {
      throw new TaktError({
        code: 'RuntimeUnreachable',
        message: `the runtime of line ${this.#slug} does not answer on its control socket: ${cause instanceof Error ? cause.message : String(cause)}`,
        action: `systemctl enable --now takt-runtime@${this.#slug}`,
        component: 'agent',
        element: this.#slug,
        retryable: true,
        cause,
      });
    });
    if (reply.status >= 200 && reply.status <= 299) return reply;
    throw refusalOf(reply, { code: 'RuntimeRefused', action: `see the log of takt-runtime@${this.#slug}` });
  }

  async #send(method: string, route: string, body: unknown, timeoutMs: number): Promise<JsonReply> {
    const url = new URL(`http://runtime${route}`);
    const socket = await socketAddress(this.#path);
    try {
      return await jsonCall(url, method, body, timeoutMs, { socketPath: socket.address });
    } finally {
      await socket.close();
    }
  }
}

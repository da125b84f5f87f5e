import { API_PREFIX } from '@takt/contracts';
import { silentLogger } from '@takt/kernel';
import type { Clock, Logger } from '@takt/kernel';
import { startTestStack } from '@takt/testing';
import type { TestStack } from '@takt/testing';
import { startControlPlane } from '../src/boot/start.js';
import type { ControlPlane, StartOptions } from '../src/boot/start.js';
import { readConfig } from '../src/config.js';
import { Heartbeats } from '../src/reports/heartbeats.js';
import { RolloutReconciler } from '../src/rollout/fleet/rollout-reconciler.js';
import { JobReconciler } from '../src/rollout/job-reconciler.js';

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly body: T;
  readonly headers: Headers;
}

/** A test waits for no pass longer than this, ms. */
const SHORT_PAUSES = { heartbeats: 50, jobs: 100, rollouts: 100, fleetFigures: 100 };
/** Nothing runs by itself but messaging: the test calls `pass`. */
export const BY_HAND = { heartbeats: Infinity, jobs: Infinity, rollouts: Infinity, fleetFigures: 100 };

/** A control plane in this process over a real stack, and calls to its API. */
export class Harness {
  token = '';

  constructor(
    readonly stack: TestStack,
    public controlPlane: ControlPlane,
    private readonly environment: Record<string, string>,
    private readonly options: StartOptions,
  ) {}

  static async start(settings: Record<string, string> = {}, logger: Logger = silentLogger, given: StartOptions = {}): Promise<Harness> {
    const options = { pauses: SHORT_PAUSES, ...given };
    const stack = await startTestStack();
    try {
      const environment = {
        DATABASE_URL: stack.postgres.url,
        NATS_URL: stack.nats.servers.join(','),
        TAKT_DATA_DIR: stack.dir,
        TAKT_HTTP_PORT: '0',
        ...settings,
      };
      const controlPlane = await startControlPlane(readConfig(environment), logger, new AbortController().signal, options);
      const harness = new Harness(stack, controlPlane, environment, options);
      const login = await harness.call<{ token: string }>('POST', '/login', { code: controlPlane.loginCode, name: 'tester' });
      harness.token = login.body.token;
      return harness;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  /** A new control plane over the same database, broker and folders. */
  async restart(): Promise<void> {
    await this.controlPlane.stop();
    await this.start();
  }

  /** After its control plane was stopped. */
  async start(): Promise<void> {
    this.controlPlane = await startControlPlane(readConfig(this.environment), silentLogger, new AbortController().signal, this.options);
  }

  /** The clock that the control plane goes by. */
  get clock(): Clock {
    return this.controlPlane.parts.clock;
  }

  /** Whether nothing runs by itself, and a test calls `pass`. */
  get byHand(): boolean {
    return this.controlPlane.parts.pauses.heartbeats === Infinity;
  }

  /** One pass of everything that runs by itself. */
  async pass({ app }: Pick<ControlPlane, 'app'> = this.controlPlane): Promise<void> {
    await app.get(Heartbeats).flush();
    await app.get(JobReconciler).reconcile();
    await app.get(RolloutReconciler).reconcile();
  }

  async call<T = Record<string, unknown>>(method: string, path: string, body?: unknown, token = this.token): Promise<Answer<T>> {
    const bytes = body instanceof Uint8Array;
    const response = await fetch(`${this.controlPlane.url}${API_PREFIX}${path}`, {
      method,
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': bytes ? 'application/octet-stream' : 'application/json' }),
      },
      ...(body === undefined ? {} : { body: bytes ? Buffer.from(body) : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, body: (json ? JSON.parse(text) : text) as T, headers: response.headers };
  }

  /** Like call, and fails on anything but success. */
  async ok<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.call<T>(method, path, body);
    if (answer.status > 299) throw new Error(`${method} ${path} answered ${String(answer.status)}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async stop(): Promise<void> {
    await this.controlPlane.stop();
    await this.stack.stop();
  }
}

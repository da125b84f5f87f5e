import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ArtifactRef, DesiredState, Report } from '@takt/contracts';
import { asId, canonicalJson, TaktError } from '@takt/kernel';
import type { Digest, NodeId } from '@takt/kernel';
import { issueNodeUser, nodeIdOfSubject, verifyNonce } from '@takt/messaging';
import type { ControlConnection } from '@takt/messaging';
import { applyDeploymentReport } from '@takt/rollout';
import type { DeploymentState } from '@takt/rollout';
import { startTestStack } from '@takt/testing';
import type { TestNatsServer, TestStack } from '@takt/testing';

const EPOCH = '4d7a7c3e-1f1b-4c57-9a8e-0c3b0a6f5d11';

/**
 * The control plane as a node sees it, over a real NATS server and real HTTP, with its rows in memory: join, desired
 * state, reports in order, confirm, grants, downloads with ranges, uploads.
 */
export class ControlStand {
  readonly #stack: TestStack;
  readonly nodeId: NodeId = asId<NodeId>(randomUUID());
  readonly files = new Map<Digest, Buffer>();
  readonly reports: Report[] = [];
  /** Transitions of each deployment, `pending` first. */
  readonly deployments = new Map<string, DeploymentState[]>();
  readonly rejected: string[] = [];
  readonly confirmRequests: Record<string, unknown>[] = [];
  joins = 0;
  /** Life of the JWTs that are issued from now on. */
  jwtSeconds = 3600;
  tokenUses = 0;
  /** Called at each transition of a deployment, before anything else happens. */
  onTransition: (deploymentId: string, state: DeploymentState) => void = () => undefined;
  onReport: (report: Report) => void = () => undefined;
  /** Time before a download is answered, ms. */
  downloadDelayMs = 0;
  /** While true, confirm answers that the database has nothing new. */
  databaseDown = false;
  #http: Server | undefined;
  #control: ControlConnection | undefined;
  #generation = 0;
  #body: DesiredState['body'] = { slots: [], jobs: [] };
  #knownKey: string | undefined;
  #state: DesiredState | undefined;

  private constructor(stack: TestStack) {
    this.#stack = stack;
  }

  static async start(): Promise<ControlStand> {
    const stand = new ControlStand(await startTestStack({ postgres: false }));
    stand.#http = createServer((request, response) => void stand.#serve(request, response));
    await new Promise<void>((resolve) => stand.#http?.listen(0, '127.0.0.1', resolve));
    await stand.#connect();
    return stand;
  }

  get nats(): TestNatsServer {
    return this.#stack.nats;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#http?.address() as AddressInfo).port)}`;
  }

  get confirmedSeq(): number {
    return this.reports.at(-1)?.seq ?? 0;
  }

  addFile(content: Buffer, fileName: string): ArtifactRef {
    const digest = asId<Digest>(`sha256:${createHash('sha256').update(content).digest('hex')}`);
    this.files.set(digest, content);
    return { digest, sizeBytes: content.byteLength, fileName };
  }

  /** A new generation with this content, published. */
  async want(body: DesiredState['body']): Promise<number> {
    this.#generation += 1;
    this.#body = body;
    const digest = asId<Digest>(`sha256:${createHash('sha256').update(canonicalJson(body)).digest('hex')}`);
    this.#state = {
      schemaVersion: 1,
      nodeId: this.nodeId,
      epoch: EPOCH,
      generation: this.#generation,
      digest,
      issuedAt: new Date().toISOString(),
      body,
    };
    for (const { deployment } of body.slots) {
      if (deployment !== null && !this.deployments.has(deployment.deploymentId)) this.deployments.set(deployment.deploymentId, ['pending']);
    }
    await this.publish();
    return this.#generation;
  }

  get body(): DesiredState['body'] {
    return this.#body;
  }

  async publish(): Promise<void> {
    if (this.#state !== undefined) await this.#control?.ensureDesired(this.#state);
  }

  /** Publishes something that is not of this control plane's making. */
  async publishRaw(state: Partial<DesiredState>): Promise<void> {
    if (this.#state === undefined) throw new Error('nothing published yet');
    const last = await this.#control?.readDesired(this.nodeId);
    await this.#control?.publishDesired({ ...this.#state, ...state }, last?.streamSeq ?? 0);
  }

  stateOf(deploymentId: string): DeploymentState | undefined {
    return this.deployments.get(deploymentId)?.at(-1);
  }

  async restartNats(options: { readonly wipe: boolean }): Promise<void> {
    await this.nats.kill();
    await this.#control?.close().catch(() => undefined);
    if (options.wipe) await this.nats.wipeStore();
    await this.nats.start();
    await this.#connect();
    await this.publish();
  }

  async destroy(): Promise<void> {
    await this.#control?.close().catch(() => undefined);
    this.#http?.closeAllConnections();
    await new Promise((resolve) => this.#http?.close(resolve));
    await this.#stack.stop();
  }

  async #connect(): Promise<void> {
    const control = await this.nats.connectControl();
    this.#control = control;
    await control.provisionStreams();
    control.consumeReports({
      handler: ({ report }) => {
        this.#apply(report as Report);
        return Promise.resolve();
      },
    });
    control.nats.subscribe('takt.rpc.*.*', {
      callback: (_error, message) => {
        const { data } = message.json<{ data: Record<string, unknown> }>();
        const method = message.subject.split('.').at(-1) ?? '';
        if (nodeIdOfSubject(message.subject) !== this.nodeId) return;
        void this.#answer(method, data).then((response) => message.respond(JSON.stringify({ response, isDisposed: true })));
      },
    });
  }

  #apply(report: Report): void {
    if (this.databaseDown) throw new Error('no database');
    if (report.seq <= this.confirmedSeq) return;
    if (report.seq > this.confirmedSeq + 1) throw new Error(`report ${String(report.seq)} came before ${String(this.confirmedSeq + 1)}`);
    this.reports.push(report);
    this.onReport(report);
    if (report.body.kind !== 'deployment') return;
    const { deploymentId, state } = report.body;
    const states = this.deployments.get(deploymentId) ?? [];
    const step = applyDeploymentReport(states.at(-1) ?? 'pending', state);
    if (!step.ok) this.rejected.push(`${deploymentId} ${step.error.message}`);
    else if (step.value.kind === 'transition') {
      this.deployments.set(deploymentId, [...states, state]);
      this.onTransition(deploymentId, state);
    }
  }

  async #answer(method: string, data: Record<string, unknown>): Promise<unknown> {
    switch (method) {
      case 'confirm':
        this.confirmRequests.push(data);
        return { ok: true, value: { confirmedSeq: this.confirmedSeq } };
      case 'grant': {
        const artifact = data['artifact'] as ArtifactRef | undefined;
        const digest = (artifact?.digest ?? data['digest']) as string;
        return { ok: true, value: { url: `${this.url}/artifacts/${digest}`, sizeBytes: artifact?.sizeBytes ?? 0, expiresInSeconds: 60 } };
      }
      case 'renew': {
        const user = await issueNodeUser(this.nats.trust, this.nodeId, this.#knownKey ?? '', this.jwtSeconds);
        return { ok: true, value: { jwt: user.jwt, expiresAt: user.expiresAt } };
      }
      default:
        return { ok: false, error: new TaktError({ code: 'MethodUnknown', message: method, action: 'none' }).toData() };
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const json = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    const route = `${request.method ?? ''} ${request.url ?? ''}`;
    if (route === 'POST /api/v1/join/challenge') return json(200, { nonce: randomBytes(16).toString('hex'), expiresInSeconds: 60 });
    if (route === 'POST /api/v1/join') return this.#join(JSON.parse(body.toString('utf8')) as Record<string, string>, json);
    const digest = asId<Digest>((request.url ?? '').split('/').at(-1) ?? '');
    if (request.method === 'PUT') {
      this.files.set(digest, body);
      return json(201, {});
    }
    await new Promise((resolve) => setTimeout(resolve, this.downloadDelayMs));
    const content = this.files.get(digest);
    if (content === undefined) return json(404, { title: 'NotFound' });
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(
      from > 0 ? 206 : 200,
      from > 0 ? { 'content-range': `bytes ${String(from)}-${String(content.byteLength - 1)}/${String(content.byteLength)}` } : {},
    );
    response.end(content.subarray(from));
  }

  async #join(input: Record<string, string>, json: (status: number, value: unknown) => void): Promise<void> {
    const { publicKey = '', nonce = '', signature = '', token = '' } = input;
    const problem = (code: string): void => {
      json(403, {
        type: 'about:blank',
        title: code,
        status: 403,
        detail: code,
        code,
        action: 'make a new token',
        object: null,
        requestId: 'x',
        retryable: false,
        issues: [],
      });
    };
    if (!verifyNonce(publicKey, nonce, signature)) return problem('JoinProofInvalid');
    if (this.#knownKey !== publicKey) {
      if (token !== 'good-token') return problem('JoinTokenInvalid');
      this.tokenUses += 1;
      this.#knownKey = publicKey;
    }
    this.joins += 1;
    const user = await issueNodeUser(this.nats.trust, this.nodeId, publicKey, this.jwtSeconds);
    json(201, {
      nodeId: this.nodeId,
      nodeName: input['name'] ?? 'box',
      site: 'north',
      jwt: user.jwt,
      expiresAt: user.expiresAt,
      natsUrls: this.nats.servers,
      serverUrl: this.url,
    });
  }
}

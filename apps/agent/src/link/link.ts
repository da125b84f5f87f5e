import { setTimeout as sleep } from 'node:timers/promises';
import type { DesiredState, Heartbeat } from '@takt/contracts';
import { LogField, TaktError } from '@takt/kernel';
import type { Clock, Digest, DurableFs, Logger } from '@takt/kernel';
import type { ArtifactRef } from '@takt/contracts';
import { connectNode, jwtLife } from '@takt/messaging';
import type { NodeConnection } from '@takt/messaging';
import type { ConditionSays } from '../state/state-condition.js';
import type { DataFolder } from '../data-folder.js';
import { saveJwt } from '../identity/identity-store.js';
import type { StoredIdentity } from '../identity/identity-store.js';
import { joinNode } from '../identity/join.js';
import { clockCondition, identityState, IdentityState, readFromDisk, receivedNow } from './identity-age.js';
import type { IdentityAge } from './identity-age.js';
import { Looking } from './looking.js';

export interface LinkDeps {
  readonly stored: StoredIdentity;
  readonly fs: DurableFs;
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly hostname: string;
  readonly signal: AbortSignal;
  /** A desired state that arrived, by push or by looking. */
  readonly onDesired: (state: DesiredState) => void;
  /** The connection came (back). */
  readonly onConnected: () => void;
  /** What a JWT that has just arrived says about the clock of this node. */
  readonly onClock: (says: ConditionSays) => void;
}

const RETRY_MS = 5_000;
/** Shortest time between two renewals, ms. */
const RENEW_PAUSE_MS = 10_000;

/**
 * This node's connection to the control plane. Everything works without it but news and reports, so nothing here ever
 * ends the agent.
 */
export class Link {
  readonly #deps: LinkDeps;
  readonly #looking: Looking;
  /** Undefined until the key has got one, where the one on disk was damaged. */
  #jwt: string | undefined;
  #age: IdentityAge | undefined;
  /** Resolves once there is a JWT, or the agent ends. */
  readonly #firstJwt: Promise<void>;
  #haveJwt: () => void = () => undefined;
  #connection: NodeConnection | undefined;
  #refused = false;

  constructor(deps: LinkDeps) {
    this.#deps = deps;
    this.#looking = new Looking(deps.signal);
    this.#firstJwt = new Promise((resolve) => {
      this.#haveJwt = resolve;
      deps.signal.addEventListener('abort', () => {
        resolve();
      });
    });
    const { stored, clock } = deps;
    this.#jwt = stored.jwt;
    if (stored.jwt === undefined) return;
    this.#age = readFromDisk(jwtLife(stored.jwt), clock.now(), clock.monotonic());
    this.#haveJwt();
  }

  /** Whether this node has a JWT; without one its key is asking for one. */
  get hasJwt(): boolean {
    return this.#jwt !== undefined;
  }

  get connected(): boolean {
    return this.#connection?.isConnected() ?? false;
  }

  get connection(): NodeConnection | undefined {
    return this.#connection;
  }

  /** Connects, and keeps the identity fresh, until the signal is aborted. */
  async run(): Promise<void> {
    const { signal, logger, clock, stored, onClock } = this.#deps;
    const life = stored.jwt === undefined ? undefined : jwtLife(stored.jwt);
    // A JWT from the future says for certain that this node's clock is behind; an old one says nothing.
    if (life !== undefined && clock.now() < life.issuedAtMs) onClock(clockCondition(life, clock.now()));
    const renewing = this.#renewForever();
    try {
      await this.#connect();
    } catch (thrown) {
      if (!signal.aborted) logger.error('connection ended', { [LogField.error]: thrown });
    }
    await renewing;
  }

  async #connect(): Promise<void> {
    const { stored, logger, signal, onDesired, onConnected } = this.#deps;
    await this.#firstJwt;
    signal.throwIfAborted();
    const connection = await connectNode({
      servers: stored.identity.natsUrls,
      nodeId: stored.identity.nodeId,
      jwt: () => this.#jwt ?? '',
      seed: stored.seed,
      logger,
      signal,
      onRefused: (reason) => {
        this.#onRefused(reason);
      },
    });
    this.#connection = connection;
    connection.subscribeDesired(onDesired);
    for await (const notification of connection.notifications()) {
      switch (notification.type) {
        case 'connected':
          this.#refused = false;
          logger.info('connected to NATS');
          onConnected();
          break;
        case 'refused':
          this.#onRefused(notification.reason);
          break;
        case 'disconnected':
          logger.warn('connection to NATS lost');
          break;
        case 'reconnecting':
        case 'error':
        case 'closed':
          break;
      }
    }
  }

  #onRefused(reason: 'expired' | 'unauthorized' | 'permission'): void {
    if (reason !== 'permission') this.#refused = true;
    this.#deps.logger.warn('NATS refused this node', { [LogField.code]: reason });
  }

  /** Looks at the desired state now, and again where that fails, as long as there is a connection. Quiet without one. */
  async look(): Promise<void> {
    const { onDesired, logger } = this.#deps;
    await this.#looking.until(
      async () => {
        if (!this.connected) return; // The next connect looks.
        const state = await this.#connection?.getDesired();
        if (state !== undefined) onDesired(state);
      },
      (error) => {
        logger.debug('desired state could not be read', { [LogField.error]: error });
      },
    );
  }

  heartbeat(heartbeat: Heartbeat): void {
    this.#connection?.publishHeartbeat(heartbeat);
  }

  /** URL from which one artifact may be read for some minutes. */
  async readUrl(digest: Digest): Promise<string> {
    return (await this.#require().request('grant', { access: 'read', digest })).url;
  }

  /** URL to which one file of this node may be sent. */
  async writeUrl(artifact: ArtifactRef): Promise<string> {
    return (await this.#require().request('grant', { access: 'write', artifact })).url;
  }

  async close(): Promise<void> {
    await this.#connection?.close();
  }

  #require(): NodeConnection {
    if (this.#connection !== undefined && this.connected) return this.#connection;
    throw new TaktError({
      code: 'NotConnected',
      message: 'this node has no connection to the control plane',
      action: 'check the network and the control plane; it goes on by itself',
      component: 'agent',
      retryable: true,
    });
  }

  /**
   * A fresh JWT at two thirds of the old one's life, with jitter; by joining again where the server takes the old one no
   * more, or no connection stands over which to ask.
   */
  async #renewForever(): Promise<void> {
    const { signal, clock, logger } = this.#deps;
    while (!signal.aborted) {
      if (this.#jwt !== undefined) await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const state =
        this.#age === undefined ? IdentityState.expired : identityState(this.#age, clock.monotonic(), 0.6 + Math.random() * 0.1);
      if (state === IdentityState.fresh && !this.#refused) continue;
      try {
        const rejoin = this.#refused || state === IdentityState.expired || !this.connected;
        await (rejoin ? this.#rejoin() : this.#renew());
        this.#refused = false;
        await this.#connection?.reconnect().catch(() => undefined);
      } catch (thrown) {
        logger.warn('identity could not be renewed', { [LogField.error]: thrown });
      }
      await sleep(RENEW_PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #renew(): Promise<void> {
    const { fs, folder, logger } = this.#deps;
    const { jwt } = await this.#require().request('renew', {});
    await saveJwt(fs, folder, jwt);
    this.#received(jwt);
    logger.info('identity renewed');
  }

  /** The key proves the node; a key that is known needs no token. */
  async #rejoin(): Promise<void> {
    const { fs, folder, stored, hostname, logger } = this.#deps;
    const { nodeId, serverUrl } = stored.identity;
    await joinNode(fs, folder, { server: serverUrl, hostname, expected: nodeId });
    const jwt = await fs.read(folder.identity.jwt);
    if (jwt !== undefined) this.#received(Buffer.from(jwt).toString('utf8').trim());
    logger.info('identity renewed by joining again');
  }

  #received(jwt: string): void {
    const { clock, onClock } = this.#deps;
    const life = jwtLife(jwt);
    this.#jwt = jwt;
    this.#haveJwt();
    this.#age = receivedNow(life, clock.monotonic());
    onClock(clockCondition(life, clock.now()));
  }
}

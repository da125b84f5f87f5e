import { setTimeout as sleep } from 'node:timers/promises';
import type { DesiredState, Heartbeat } from '@takt/contracts';
import { LogField, TaktError } from '@takt/kernel';
import type { Clock, Digest, DurableFs, Logger } from '@takt/kernel';
import type { ArtifactRef } from '@takt/contracts';
import { connectNode, jwtExpiryMs } from '@takt/messaging';
import type { NodeConnection } from '@takt/messaging';
import type { DataFolder } from '../data-folder.js';
import { saveJwt } from '../identity/identity-store.js';
import type { StoredIdentity } from '../identity/identity-store.js';
import { joinNode } from '../identity/join.js';

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
  #jwt: string;
  #connection: NodeConnection | undefined;
  #refused = false;

  constructor(deps: LinkDeps) {
    this.#deps = deps;
    this.#jwt = deps.stored.jwt;
  }

  get connected(): boolean {
    return this.#connection?.isConnected() ?? false;
  }

  get connection(): NodeConnection | undefined {
    return this.#connection;
  }

  /** Connects, and keeps the identity fresh, until the signal is aborted. */
  async run(): Promise<void> {
    const { signal, logger } = this.#deps;
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
    const connection = await connectNode({
      servers: stored.identity.natsUrls,
      nodeId: stored.identity.nodeId,
      jwt: () => this.#jwt,
      seed: stored.seed,
      logger,
      signal,
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
          if (notification.reason !== 'permission') this.#refused = true;
          logger.warn('NATS refused this node', { [LogField.code]: notification.reason });
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

  /** Looks at the desired state now. Quiet when it cannot: the next look follows. */
  async look(): Promise<void> {
    const { onDesired, logger } = this.#deps;
    if (!this.connected) return;
    try {
      const state = await this.#connection?.getDesired();
      if (state !== undefined) onDesired(state);
    } catch (thrown) {
      logger.debug('desired state could not be read', { [LogField.error]: thrown });
    }
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

  /** A fresh JWT at two thirds of the old one's life, with jitter; by joining again where the server takes the old one no more. */
  async #renewForever(): Promise<void> {
    const { signal, clock, logger } = this.#deps;
    let issued = clock.now();
    while (!signal.aborted) {
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const expires = jwtExpiryMs(this.#jwt);
      const due = expires !== undefined && clock.now() > issued + (expires - issued) * (0.6 + Math.random() * 0.1);
      if (!due && !this.#refused) continue;
      try {
        await (this.#refused ? this.#rejoin() : this.#renew());
        issued = clock.now();
        this.#refused = false;
        await this.#connection?.reconnect().catch(() => undefined);
      } catch (thrown) {
        logger.warn('identity could not be renewed', { [LogField.error]: thrown });
        await sleep(RENEW_PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #renew(): Promise<void> {
    const { fs, folder, logger } = this.#deps;
    const { jwt } = await this.#require().request('renew', {});
    await saveJwt(fs, folder, jwt);
    this.#jwt = jwt;
    logger.info('identity renewed');
  }

  /** The key proves the node; the token is not looked at for a key that is known. */
  async #rejoin(): Promise<void> {
    const { fs, folder, stored, hostname, logger } = this.#deps;
    await joinNode(fs, folder, { server: stored.identity.serverUrl, token: 'known-key', hostname });
    const jwt = await fs.read(folder.identity.jwt);
    if (jwt !== undefined) this.#jwt = Buffer.from(jwt).toString('utf8').trim();
    logger.info('identity renewed by joining again');
  }
}

import type { Logger } from '@takt/kernel';
import { BoundedClient } from './bounded-client.js';
import type { DatabaseLimits } from './limits.js';

const RECONNECT_MS = 1_000;
/** Pause between two questions whether the server is still there: a connection that only listens never hears of its death. */
const CHECK_MS = 15_000;
/** Logged once for each connection that stood and is lost. */
const LISTENER_LOST = 'database listener lost its connection, connecting again';

/** One connection that waits for NOTIFY. A notification only wakes: listeners look at the rows, and poll besides. */
export class ChangeListener {
  readonly #url: string;
  readonly #logger: Logger;
  readonly #limits: Pick<DatabaseLimits, 'connectMs' | 'answerMs'>;
  readonly #checkMs: number;
  readonly #listeners = new Map<string, Set<() => void>>();
  #client: BoundedClient | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  #listening: Promise<void> = Promise.resolve();

  constructor(url: string, logger: Logger, limits: Pick<DatabaseLimits, 'connectMs' | 'answerMs'>, checkMs = CHECK_MS) {
    this.#url = url;
    this.#logger = logger;
    this.#limits = limits;
    this.#checkMs = checkMs;
  }

  listen(channel: string, changed: () => void): () => void {
    const known = this.#listeners.get(channel) ?? new Set();
    known.add(changed);
    this.#listeners.set(channel, known);
    if (this.#client === null && this.#timer === null) void this.#connect();
    else if (known.size === 1) this.#listenSoon();
    return () => known.delete(changed);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#client?.end().catch(() => undefined);
    this.#client = null;
  }

  async #connect(): Promise<void> {
    const client = new BoundedClient({
      connectionString: this.#url,
      application_name: 'takt-control-plane listener',
      connectionTimeoutMillis: this.#limits.connectMs,
      answerMs: this.#limits.answerMs,
    });
    this.#client = client;
    let lost = false;
    let checks: NodeJS.Timeout | undefined;
    const reconnect = (): void => {
      if (lost) return;
      lost = true;
      clearInterval(checks);
      this.#client = null;
      if (this.#closed) return;
      if (checks !== undefined) this.#logger.warn(LISTENER_LOST);
      this.#timer = setTimeout(() => {
        this.#timer = null;
        void this.#connect();
      }, RECONNECT_MS);
    };
    client.on('error', reconnect);
    client.on('end', reconnect);
    client.on('notification', ({ channel }) => {
      this.#wake(channel);
    });
    try {
      await client.connect();
      this.#listening = this.#listenToAll(client);
      await this.#listening;
      if (!lost) checks = setInterval(() => void this.#check(client), this.#checkMs);
    } catch (error) {
      this.#logger.debug('database listener could not connect', { error: error instanceof Error ? error.message : String(error) });
      await client.end().catch(() => undefined);
      reconnect();
    }
  }

  /** Without an answer the client closes its socket, and a new connection is made. */
  async #check(client: BoundedClient): Promise<void> {
    this.#listening = this.#listening.then(async () => void (await client.query('SELECT 1'))).catch(() => undefined);
    await this.#listening;
  }

  /** A channel that is asked for while the connection stands; queries of one connection go one after the other. */
  #listenSoon(): void {
    const client = this.#client;
    if (client === null) return;
    this.#listening = this.#listening.then(() => this.#listenToAll(client)).catch(() => undefined);
  }

  async #listenToAll(client: BoundedClient): Promise<void> {
    for (const channel of this.#listeners.keys()) {
      await client.query(`LISTEN ${channel}`);
      this.#wake(channel);
    }
  }

  #wake(channel: string): void {
    for (const changed of this.#listeners.get(channel) ?? []) changed();
  }
}

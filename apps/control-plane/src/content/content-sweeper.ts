import type { Clock, Logger } from '@takt/kernel';
import { Ticker } from '../boot/ticker.js';
import type { WatchedWork } from '../boot/watched-work.js';
import type { UnreferencedContent } from './unreferenced-content.js';

const EVERY_MS = 60_000;

/** Has content swept for as long as the control plane runs. Any number of replicas may do it. */
export class ContentSweeper {
  readonly #ticker: Ticker;

  constructor(content: Pick<UnreferencedContent, 'sweep'>, clock: Clock, logger: Logger) {
    this.#ticker = new Ticker({ name: 'content', pauseMs: EVERY_MS }, () => content.sweep(), { clock, logger });
  }

  get work(): WatchedWork {
    return this.#ticker.work;
  }

  start(): void {
    this.#ticker.start();
  }

  stop(): Promise<void> {
    return this.#ticker.stop();
  }
}
